import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import {
  HealthCheckService,
  HealthIndicatorService,
  TypeOrmHealthIndicator,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { JobQueue } from '../../queue/job-queue.js';
import { WorkersService } from '../workers/index.js';
import { Conditions } from './conditions.js';
import { TIMEOUT_MS, withTimeout } from './with-timeout.js';

export interface Readiness {
  readonly ready: boolean;
  readonly checks: HealthIndicatorResult;
}

/** Whether requests sent now would be computed: database, queue, a live worker and its engine; and what to look at. */
@Injectable()
export class ReadinessService {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: TypeOrmHealthIndicator,
    private readonly queue: JobQueue,
    private readonly workers: WorkersService,
    private readonly conditions: Conditions,
  ) {}

  async check(): Promise<Readiness> {
    try {
      const { details } = await this.health.check([
        () => this.database.pingCheck('database', { timeout: TIMEOUT_MS }),
        () => this.checkQueue(),
        () => this.checkWorkers(),
        () => this.conditions.ofAdapters(),
        () => this.conditions.ofStorage(),
      ]);
      return { ready: true, checks: details };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      return { ready: false, checks: detailsOf(error.getResponse()) };
    }
  }

  private async checkQueue(): Promise<HealthIndicatorResult> {
    const { name, driver } = this.queue;
    const indicator = this.indicators.check(name);
    try {
      await withTimeout(this.queue.ping());
      const pause = await withTimeout(this.workers.queuePause());
      return indicator.up({
        driver,
        ...(pause && { paused_since: pause.pausedAt.toISOString(), reason: pause.reason }),
      });
    } catch (error) {
      return indicator.down({ driver, message: error instanceof Error ? error.message : String(error) });
    }
  }

  private async checkWorkers(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('worker');
    try {
      const workers = await withTimeout(this.workers.listAlive());
      const [worker] = workers;
      if (worker === undefined) {
        return indicator.down({ message: 'No compute worker is alive. Start one with ROLE=worker or ROLE=all.' });
      }
      const { engine, device, baseModels } = worker;
      const draining = workers.filter(({ drainingSince }) => drainingSince !== null).length;
      return indicator.up({
        alive: workers.length,
        ...(draining > 0 && { draining }),
        engine,
        device,
        base_models: baseModels.map((model) => model.name),
      });
    } catch (error) {
      return indicator.down({ message: error instanceof Error ? error.message : String(error) });
    }
  }
}

function detailsOf(response: string | object): HealthIndicatorResult {
  return typeof response === 'object' && 'details' in response ? (response.details as HealthIndicatorResult) : {};
}
