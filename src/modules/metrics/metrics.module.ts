import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type AppConfig } from '../../config/app-config.js';
import { StorageModule } from '../../storage/storage.module.js';
import { AdapterEntity, AdapterRepository } from '../adapters/index.js';
import { ApiKeyEntity, ApiKeys, KeysModule, KeyUse } from '../keys/index.js';
import { MetricSources } from './metric-sources.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsGuard } from './metrics.guard.js';
import { MetricsService } from './metrics.service.js';

/** GET /metrics, in every role. In a worker, which takes no requests, the keys are known here alone. */
@Module({})
export class MetricsModule {
  static forRoot({ servesApi }: AppConfig): DynamicModule {
    return {
      module: MetricsModule,
      imports: [
        TypeOrmModule.forFeature(servesApi ? [AdapterEntity] : [AdapterEntity, ApiKeyEntity]),
        StorageModule,
        ...(servesApi ? [KeysModule] : []),
      ],
      controllers: [MetricsController],
      providers: [
        AdapterRepository,
        MetricSources,
        MetricsGuard,
        MetricsService,
        ...(servesApi ? [] : [ApiKeys, KeyUse]),
      ],
    };
  }
}
