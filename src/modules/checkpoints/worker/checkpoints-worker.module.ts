import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BaseModelsModule } from '../../../base-models/base-models.module.js';
import { StorageModule } from '../../../storage/storage.module.js';
import { AdapterStateModule } from '../../adapter-state/index.js';
import { CheckpointReaderModule } from './checkpoint-reader.module.js';
import { CheckpointExpiry } from './checkpoint-expiry.js';
import { CheckpointWriter } from './checkpoint-writer.js';
import { CheckpointEventEntity } from '../entities/checkpoint-event.entity.js';
import { CheckpointEntity } from '../entities/checkpoint.entity.js';
import { DeleteAdapterHandler } from './handlers/delete-adapter.handler.js';
import { SaveHandler } from './handlers/save.handler.js';
import { CheckpointEventRepository } from '../repositories/checkpoint-event.repository.js';
import { CheckpointRepository } from '../repositories/checkpoint.repository.js';
import { SamplerWeights } from './sampler-weights.js';

/** Checkpoints in the compute worker. */
@Module({
  imports: [
    TypeOrmModule.forFeature([CheckpointEntity, CheckpointEventEntity]),
    BaseModelsModule,
    StorageModule,
    CheckpointReaderModule,
    AdapterStateModule,
  ],
  providers: [
    CheckpointRepository,
    CheckpointEventRepository,
    CheckpointWriter,
    CheckpointExpiry,
    SamplerWeights,
    SaveHandler,
    DeleteAdapterHandler,
  ],
  exports: [SamplerWeights],
})
export class CheckpointsWorkerModule {}
