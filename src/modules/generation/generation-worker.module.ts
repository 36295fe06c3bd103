import { Module } from '@nestjs/common';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { AdapterStateModule } from '../adapter-state/index.js';
import { CheckpointsWorkerModule } from '../checkpoints/index.js';
import { GenerateHandler } from './handlers/generate.handler.js';

/** Sampling in the compute worker. */
@Module({
  imports: [BaseModelsModule, AdapterStateModule, CheckpointsWorkerModule],
  providers: [GenerateHandler],
})
export class GenerationWorkerModule {}
