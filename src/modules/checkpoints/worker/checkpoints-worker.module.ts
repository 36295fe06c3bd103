import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BaseModelsModule } from '../../../base-models/base-models.module.js';
import { StorageModule } from '../../../storage/storage.module.js';
import { AdapterStateModule } from '../../adapter-state/index.js';
import { CheckpointExpiry } from './checkpoint-expiry.js';
import { CheckpointWriter } from './checkpoint-writer.js';
import { CheckpointEventEntity } from '../entities/checkpoint-event.entity.js';
import { CheckpointEntity } from '../entities/checkpoint.entity.js';
import { DeleteAdapterHandler } from './handlers/delete-adapter.handler.js';
import { LoadWeightsHandler } from './handlers/load-weights.handler.js';
import { SaveWeightsExternalHandler } from './handlers/save-weights-external.handler.js';
import { SaveWeightsForSamplerHandler } from './handlers/save-weights-for-sampler.handler.js';
import { SaveWeightsHandler } from './handlers/save-weights.handler.js';
import { CheckpointEventRepository } from '../repositories/checkpoint-event.repository.js';
import { CheckpointRepository } from '../repositories/checkpoint.repository.js';
import { SamplerWeights } from './sampler-weights.js';

/** Checkpoints in the compute worker. */
@Module({
  imports: [
    TypeOrmModule.forFeature([CheckpointEntity, CheckpointEventEntity]),
    ...[BaseModelsModule, StorageModule, AdapterStateModule],
  ],
  providers: [
    CheckpointRepository,
    CheckpointEventRepository,
    CheckpointWriter,
    CheckpointExpiry,
    SamplerWeights,
    SaveWeightsHandler,
    SaveWeightsForSamplerHandler,
    SaveWeightsExternalHandler,
    LoadWeightsHandler,
    DeleteAdapterHandler,
  ],
  exports: [SamplerWeights],
})
export class CheckpointsWorkerModule {}
