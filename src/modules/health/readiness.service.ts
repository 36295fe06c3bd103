import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import {
  HealthCheckService,
  HealthIndicatorService,
  TypeOrmHealthIndicator,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { DataSource } from 'typeorm';
import { JobQueue } from '../../queue/job-queue.js';
import { WorkersService } from '../workers/index.js';

const TIMEOUT_MS = 2000;

export interface Readiness {
  readonly ready: boolean;
  readonly checks: HealthIndicatorResult;
}

/** Whether requests sent now would be computed: database, queue, a live worker and its engine. */
@Injectable()
export class ReadinessService {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: TypeOrmHealthIndicator,
    private readonly queue: JobQueue,
    private readonly workers: WorkersService,
    private readonly source: DataSource,
  ) {}

  async check(): Promise<Readiness> {
    try {
      const { details } = await this.health.check([
        () => this.database.pingCheck('database', { timeout: TIMEOUT_MS }),
        () => this.checkQueue(),
        () => this.checkWorkers(),
        () => this.checkAdapters(),
      ]);
      return { ready: true, checks: details };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      return { ready: false, checks: detailsOf(error.getResponse()) };
    }
  }

  private async checkQueue(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(this.queue.driver === 'bull' ? 'redis' : 'queue');
    try {
      await withTimeout(this.queue.ping());
      return indicator.up({ driver: this.queue.driver });
    } catch (error) {
      return indicator.down({
        driver: this.queue.driver,
        message: error instanceof Error ? error.message : String(error),
      });
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
      return indicator.up({
        alive: workers.length,
        engine,
        device,
        base_models: baseModels.map((model) => model.name),
      });
    } catch (error) {
      return indicator.down({ message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Never down: a state that a repeat of the log did not give again is a reason to look, not to stop. */
  private async checkAdapters(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('adapters');
    try {
      const [row]: { diverged: number }[] = await withTimeout(
        this.source.query(
          'SELECT count(*)::int AS diverged FROM adapters WHERE diverged_at_step IS NOT NULL AND deleted_at IS NULL',
        ),
      );
      return indicator.up({ diverged: row?.diverged ?? 0 });
    } catch (error) {
      return indicator.down({ message: error instanceof Error ? error.message : String(error) });
    }
  }
}

async function withTimeout<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function detailsOf(response: string | object): HealthIndicatorResult {
  return typeof response === 'object' && 'details' in response ? (response.details as HealthIndicatorResult) : {};
}
