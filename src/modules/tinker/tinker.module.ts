import { Module } from '@nestjs/common';
import { AdaptersModule } from '../adapters/index.js';
import { CheckpointsModule } from '../checkpoints/index.js';
import { GenerationModule } from '../generation/index.js';
import { KeysModule } from '../keys/index.js';
import { SessionsModule } from '../sessions/index.js';
import { TrainingModule } from '../training/index.js';
import { TinkerFuturesController } from './futures.controller.js';
import { TinkerModelsController } from './models.controller.js';
import { TinkerSamplingController } from './sampling.controller.js';
import { TinkerServiceController } from './service.controller.js';
import { TinkerModels } from './tinker-models.js';
import { TinkerResults } from './tinker-results.js';
import { TinkerSampling } from './tinker-sampling.js';
import { TinkerTrainingController } from './training.controller.js';

/** The API of the Tinker SDK: other words for the services that the root routes use. */
@Module({
  imports: [...[AdaptersModule, CheckpointsModule, TrainingModule, GenerationModule], ...[SessionsModule, KeysModule]],
  controllers: [
    TinkerServiceController,
    TinkerModelsController,
    TinkerTrainingController,
    TinkerFuturesController,
    TinkerSamplingController,
  ],
  providers: [TinkerModels, TinkerResults, TinkerSampling],
})
export class TinkerModule {}
