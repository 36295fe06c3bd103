import { Module } from '@nestjs/common';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { AdaptersModule } from '../adapters/index.js';
import { CapabilitiesModule } from '../capabilities/index.js';
import { CheckpointsModule } from '../checkpoints/index.js';
import { GenerationModule } from '../generation/index.js';
import { SessionsModule } from '../sessions/index.js';
import { TrainingModule } from '../training/index.js';
import { UsageModule } from '../usage/index.js';
import { TinkerAccountController } from './account/account.controller.js';
import { DownloadLinks } from './weights/download-links.js';
import { TinkerDownloadsController } from './weights/downloads.controller.js';
import { TinkerExternalWeightsController } from './weights/external-weights.controller.js';
import { TinkerFuturesController } from './futures/futures.controller.js';
import { HubController } from './hub/hub.controller.js';
import { TinkerModelsController } from './training/models.controller.js';
import { TinkerRecordsController } from './records/records.controller.js';
import { TinkerRunsController } from './records/runs.controller.js';
import { TinkerSamplingController } from './sampling/sampling.controller.js';
import { TinkerServiceController } from './service.controller.js';
import { SessionSearch } from './records/session-search.js';
import { SessionTrace } from './records/session-trace.js';
import { TinkerAudit } from './records/audit.presenter.js';
import { TinkerCopies } from './weights/tinker-copies.js';
import { TinkerModels } from './training/tinker-models.js';
import { TinkerQueueState } from './futures/queue-state.presenter.js';
import { TinkerResults } from './futures/tinker-results.js';
import { AsampleReader } from './sampling/asample.reader.js';
import { TinkerUsage } from './account/usage.presenter.js';
import { TinkerTrainingReader } from './training/training-order.reader.js';
import { TinkerTrainingController } from './training/training.controller.js';
import { TinkerUsageController } from './account/usage.controller.js';
import { WeightsAccess } from './weights/weights-access.js';
import { TinkerWeightsController } from './weights/weights.controller.js';

/** The API of the Tinker SDK: other words for the services that the root routes use. */
@Module({
  imports: [
    AdaptersModule,
    BaseModelsModule,
    CapabilitiesModule,
    CheckpointsModule,
    GenerationModule,
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
    TinkerTrainingReader,
    TinkerCopies,
    WeightsAccess,
    TinkerResults,
    AsampleReader,
    TinkerAudit,
    TinkerUsage,
    TinkerQueueState,
    DownloadLinks,
    SessionSearch,
    SessionTrace,
  ],
})
export class TinkerModule {}
