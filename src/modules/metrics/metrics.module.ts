import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StorageModule } from '../../storage/storage.module.js';
import { AdapterEntity, AdapterRepository } from '../adapters/index.js';
import { MetricSources } from './metric-sources.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsGuard } from './metrics.guard.js';
import { MetricsService } from './metrics.service.js';

/** GET /metrics, in every role. */
@Module({
  imports: [TypeOrmModule.forFeature([AdapterEntity]), StorageModule],
  controllers: [MetricsController],
  providers: [AdapterRepository, MetricSources, MetricsGuard, MetricsService],
})
export class MetricsModule {}
