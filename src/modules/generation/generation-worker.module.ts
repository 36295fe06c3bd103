import { Module } from '@nestjs/common';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { AdaptersWorkerModule } from '../adapters/index.js';
import { CheckpointsWorkerModule } from '../checkpoints/index.js';
import { GenerateHandler } from './handlers/generate.handler.js';

/** Sampling in the compute worker. */
@Module({
  imports: [BaseModelsModule, AdaptersWorkerModule, CheckpointsWorkerModule],
  providers: [GenerateHandler],
})
export class GenerationWorkerModule {}
