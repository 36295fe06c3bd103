import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { type AppConfig } from '../../config/app-config.js';
import { StorageModule } from '../../storage/storage.module.js';
import { Conditions } from './conditions.js';
import { HealthController } from './health.controller.js';
import { ReadinessService } from './readiness.service.js';
import { RootController } from './root.controller.js';

/** Liveness and readiness, which every role answers, and the map of the API. */
@Module({})
export class HealthModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ errorLogStyle: 'json', logger: false }), StorageModule],
      controllers: config.servesApi ? [HealthController, RootController] : [HealthController],
      providers: [Conditions, ReadinessService],
    };
  }
}
