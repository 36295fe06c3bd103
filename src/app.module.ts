import { type DynamicModule, Module } from '@nestjs/common';
import { ComputeModule } from './compute/compute.module.js';
import { type AppConfig } from './config/app-config.js';
import { AdaptersModule } from './modules/adapters/index.js';
import { AdapterStateModule } from './modules/adapter-state/index.js';
import { AliasesModule } from './modules/aliases/index.js';
import { AnthropicModule } from './modules/anthropic/index.js';
import { CapabilitiesModule } from './modules/capabilities/index.js';
import { CapturesModule } from './modules/captures/index.js';
import { CheckpointsModule, CheckpointsWorkerModule } from './modules/checkpoints/index.js';
import { ConsoleModule } from './modules/console/index.js';
import { FineTuningModule } from './modules/fine-tuning/index.js';
import { FilesModule } from './modules/files/index.js';
import { ExportsModule } from './modules/exports/index.js';
import { GenerationModule, GenerationWorkerModule } from './modules/generation/index.js';
import { HistoryModule } from './modules/history/index.js';
import { LossesModule } from './modules/losses/index.js';
import { MetricsModule } from './modules/metrics/index.js';
import { OpenAiModule } from './modules/openai/index.js';
import { OverviewModule } from './modules/overview/index.js';
import { PromotionsModule } from './modules/promotions/index.js';
import { TinkerModule } from './modules/tinker/index.js';
import { TrainingModule, TrainingWorkerModule } from './modules/training/index.js';
import { WebhooksModule } from './modules/webhooks/index.js';
import { PlatformModule } from './platform.module.js';

/** Features with their routes. */
const API = [
  LossesModule,
  AdaptersModule,
  HistoryModule,
  CapabilitiesModule,
  TrainingModule,
  AliasesModule,
  CapturesModule,
  GenerationModule,
  CheckpointsModule,
  ExportsModule,
  // Before OpenAiModule: it passes on the requests for models that are not meant for it.
  AnthropicModule,
  FilesModule,
  PromotionsModule,
  FineTuningModule,
  OverviewModule,
  ConsoleModule,
  OpenAiModule,
  TinkerModule,
  WebhooksModule,
];
/** Features with their handlers. */
const WORKER = [AdapterStateModule, TrainingWorkerModule, GenerationWorkerModule, CheckpointsWorkerModule];

/** What a worker computes with. Global: the platform's dispatcher and every handler need it. */
const COMPUTE: DynamicModule = { module: ComputeModule, global: true };

/** The whole service, by role: features with their routes in the API, with their handlers in a worker. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig, compute = COMPUTE): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot(config),
        MetricsModule,
        ...(config.servesApi ? API : []),
        ...(config.runsWorker ? [compute, ...WORKER] : []),
      ],
    };
  }
}
