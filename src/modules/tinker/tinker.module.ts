import { Module } from '@nestjs/common';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { AdaptersModule } from '../adapters/index.js';
import { CheckpointsModule } from '../checkpoints/index.js';
import { GenerationModule } from '../generation/index.js';
import { KeysModule } from '../keys/index.js';
import { SessionsModule } from '../sessions/index.js';
import { TrainingModule } from '../training/index.js';
import { ArchiveLinks } from './archive-links.js';
import { TinkerArchivesController } from './archives.controller.js';
import { TinkerFuturesController } from './futures.controller.js';
import { HubController } from './hub.controller.js';
import { TinkerModelsController } from './models.controller.js';
import { TinkerRecordsController } from './records.controller.js';
import { TinkerRunsController } from './runs.controller.js';
import { TinkerSamplingController } from './sampling.controller.js';
import { TinkerServiceController } from './service.controller.js';
import { TinkerAudit } from './tinker-audit.js';
import { TinkerModels } from './tinker-models.js';
import { TinkerResults } from './tinker-results.js';
import { TinkerSampling } from './tinker-sampling.js';
import { TinkerTrainingController } from './training.controller.js';
import { TinkerWeightsController } from './weights.controller.js';

/** The API of the Tinker SDK: other words for the services that the root routes use. */
@Module({
  imports: [
    ...[AdaptersModule, CheckpointsModule, TrainingModule, GenerationModule],
    ...[SessionsModule, KeysModule, BaseModelsModule],
  ],
  controllers: [
    TinkerServiceController,
    TinkerModelsController,
    TinkerTrainingController,
    TinkerFuturesController,
    TinkerSamplingController,
    TinkerWeightsController,
    TinkerRunsController,
    TinkerArchivesController,
    TinkerRecordsController,
    HubController,
  ],
  providers: [TinkerModels, TinkerResults, TinkerSampling, TinkerAudit, ArchiveLinks],
})
export class TinkerModule {}
