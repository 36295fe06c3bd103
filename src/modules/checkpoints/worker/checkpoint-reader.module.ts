import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BaseModelsModule } from '../../../base-models/base-models.module.js';
import { StorageModule } from '../../../storage/storage.module.js';
import { CheckpointReader } from '../../adapter-state/index.js';
import { CheckpointEntity } from '../entities/checkpoint.entity.js';
import { CheckpointRepository } from '../repositories/checkpoint.repository.js';
import { StoredCheckpointReader } from './stored-checkpoint-reader.js';

/**
 * Provides the CheckpointReader. Global, because it is needed by the adapter-state module, which the checkpoints module
 * builds on.
 */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([CheckpointEntity]), BaseModelsModule, StorageModule],
  providers: [CheckpointRepository, { provide: CheckpointReader, useClass: StoredCheckpointReader }],
  exports: [CheckpointReader],
})
export class CheckpointReaderModule {}
