import { Module } from '@nestjs/common';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { AdaptersModule } from '../adapters/index.js';
import { CapabilitiesModule } from '../capabilities/index.js';
import { CheckpointsModule } from '../checkpoints/index.js';
import { GenerationModule } from '../generation/index.js';
import { KeysModule } from '../keys/index.js';
import { SessionsModule } from '../sessions/index.js';
import { TrainingModule } from '../training/index.js';
import { UsageModule } from '../usage/index.js';
import { TinkerAccountController } from './account.controller.js';
import { DownloadLinks } from './download-links.js';
import { TinkerDownloadsController } from './downloads.controller.js';
import { TinkerExternalWeightsController } from './external-weights.controller.js';
import { TinkerFuturesController } from './futures.controller.js';
import { HubController } from './hub.controller.js';
import { TinkerModelsController } from './models.controller.js';
import { TinkerRecordsController } from './records.controller.js';
import { TinkerRunsController } from './runs.controller.js';
import { TinkerSamplingController } from './sampling.controller.js';
import { TinkerServiceController } from './service.controller.js';
import { SessionSearch } from './session-search.js';
import { SessionTrace } from './session-trace.js';
import { TinkerAudit } from './tinker-audit.js';
import { TinkerCopies } from './tinker-copies.js';
import { TinkerModels } from './tinker-models.js';
import { TinkerQueueState } from './tinker-queue-state.js';
import { TinkerResults } from './tinker-results.js';
import { TinkerSampling } from './tinker-sampling.js';
import { TinkerUsage } from './tinker-usage.js';
import { TinkerTrainingController } from './training.controller.js';
import { TinkerUsageController } from './usage.controller.js';
import { WeightsAccess } from './weights-access.js';
import { TinkerWeightsController } from './weights.controller.js';

/** The API of the Tinker SDK: other words for the services that the root routes use. */
@Module({
  imports: [
    AdaptersModule,
    BaseModelsModule,
    CapabilitiesModule,
    CheckpointsModule,
    GenerationModule,
    KeysModule,
    SessionsModule,
    TrainingModule,
    UsageModule,
  ],
  controllers: [
    TinkerServiceController,
    TinkerModelsController,
    TinkerTrainingController,
    TinkerFuturesController,
    TinkerSamplingController,
    TinkerWeightsController,
    TinkerRunsController,
    TinkerExternalWeightsController,
    TinkerDownloadsController,
    TinkerRecordsController,
    TinkerUsageController,
    TinkerAccountController,
    HubController,
  ],
  providers: [
    TinkerModels,
    TinkerCopies,
    WeightsAccess,
    TinkerResults,
    TinkerSampling,
    TinkerAudit,
    TinkerUsage,
    TinkerQueueState,
    DownloadLinks,
    SessionSearch,
    SessionTrace,
  ],
})
export class TinkerModule {}
