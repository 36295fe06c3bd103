import { Injectable, type OnModuleDestroy, type OnModuleInit, Optional } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { VERSION } from '../../common/version.js';
import { ComputeBackend } from '../../compute/compute-backend.js';
import { AppConfig } from '../../config/app-config.js';
import { countSessions } from '../../database/session-counts.js';
import { measureEngine } from './instruments/engine-metrics.js';
import { measureOperations } from './instruments/operation-metrics.js';
import { ReadGauge } from './instruments/read-metrics.js';
import { measureRequests } from './instruments/request-metrics.js';
import { measureService } from './instruments/service-metrics.js';
import { measureStates } from './instruments/state-metrics.js';
import { MetricSources } from './metric-sources.js';

/** All metrics of this process; which ones there are depends on its role. */
@Injectable()
export class MetricsService implements OnModuleInit, OnModuleDestroy {
  private readonly registry = new Registry();
  private subscriptions: (() => void)[] = [];

  constructor(
    private readonly config: AppConfig,
    private readonly sources: MetricSources,
    private readonly database: DataSource,
    @Optional() private readonly backend?: ComputeBackend,
  ) {}

  onModuleInit(): void {
    const { registry, config, backend } = this;
    collectDefaultMetrics({ register: registry });
    const info = { name: 'thinker_info', help: 'Version and role of this process, in its labels.' };
    new ReadGauge({ registry, ...info }, () => [{ labels: { version: VERSION, role: config.role }, value: 1 }]);
    measureService(registry, { ...this.sources, sessions: () => countSessions(this.database) });
    this.subscriptions = [
      measureRequests(registry),
      ...(backend
        ? [
            measureOperations(registry, config.telemetry.metricsMaxKeys),
            measureStates(registry),
            measureEngine(registry, backend, config.telemetry.metricsMaxKeys),
          ]
        : []),
    ];
  }

  onModuleDestroy(): void {
    for (const end of this.subscriptions) end();
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
