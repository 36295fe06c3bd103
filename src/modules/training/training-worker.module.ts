import { Module } from '@nestjs/common';
import { AdapterStateModule } from '../adapter-state/index.js';
import { ForwardBackwardHandler } from './handlers/forward-backward.handler.js';
import { ForwardHandler } from './handlers/forward.handler.js';
import { OptimStepHandler } from './handlers/optim-step.handler.js';

/** Training in the compute worker. */
@Module({
  imports: [AdapterStateModule],
  providers: [ForwardHandler, ForwardBackwardHandler, OptimStepHandler],
})
export class TrainingWorkerModule {}
