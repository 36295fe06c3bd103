import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ulid } from 'ulid';
import { runAs } from '../../../common/caller.js';
import { DatabaseOutageError } from '../../../common/errors/database-outage.error.js';
import { toAppError } from '../../../common/errors/internal.error.js';
import { NotFoundError } from '../../../common/errors/request.errors.js';
import { PeriodicTask } from '../../../common/periodic/periodic-task.js';
import { within } from '../../../common/concurrency/within.js';
import { AppConfig } from '../../../config/app-config.js';
import { EVENT_CHANNELS, EventBus } from '../../../events/event-bus.js';
import { ShuttingDownError } from '../../futures/index.js';
import { type JobEntity } from '../entities/job.entity.js';
import { LeaseLostError } from '../errors/lease-lost.error.js';
import { toJobError } from '../job-error.js';
import { DRIVEN } from '../job-states.js';
import { JobDriveRepository } from '../repositories/job-drive.repository.js';
import { type JobRun } from './job-run.js';
import { JobRuns } from './job-runs.js';

/** Between two renewals of the leases, and two looks for jobs that nobody drives. */
const INTERVAL_MS = 1000;

/** Jobs that one process drives; each has a few batches in memory, and some rows as tokens. */
const MAX_RUNS = 64;

/** How long a stop waits for the runs, which end at their next request. */
const MAX_STOP_MS = 3000;

/**
 * The jobs that this process drives. A job has one driver at a time; when its process ends, or says nothing for LEASE_S
 * seconds, another one goes on.
 */
@Injectable()
export class JobDrivers implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(JobDrivers.name);
  private readonly driverId = `driver_${ulid()}`;
  private readonly runs = new Map<JobRun, Promise<void>>();
  private isClosed = false;
  private unsubscribe: () => void = () => undefined;
  private readonly task = new PeriodicTask(
    { purpose: 'look after fine-tuning jobs', intervalMs: INTERVAL_MS, runsAtStart: true, logger: this.logger },
    () => this.renewAndClaim(),
  );

  constructor(
    private readonly config: AppConfig,
    private readonly jobRuns: JobRuns,
    private readonly drive: JobDriveRepository,
    private readonly events: EventBus,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.events.subscribe(EVENT_CHANNELS.fineTuningJobWaits, {
      onEvent: () => void this.task.runNow(),
    });
    this.task.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.isClosed = true;
    this.unsubscribe();
    for (const run of this.runs.keys()) run.stop();
    await this.task.stop();
    await within(MAX_STOP_MS, Promise.all(this.runs.values()));
  }

  private async renewAndClaim(): Promise<void> {
    await Promise.all([...this.runs.keys()].map((run) => this.renew(run)));
    const { models } = this.jobRuns;
    while (!this.isClosed && this.runs.size < MAX_RUNS) {
      const job = await this.drive.claim(this.driverId, models, this.config.maxRunningJobsPerKey);
      if (job === null) return;
      this.start(job);
    }
  }

  private async renew(run: JobRun): Promise<void> {
    try {
      await run.renew();
    } catch (error) {
      if (error instanceof LeaseLostError) run.stop();
      else throw error;
    }
  }

  private start(job: JobEntity): void {
    const run = this.jobRuns.open(job);
    const work = runAs(job.owner, () => run.run())
      .catch((error: unknown) => this.handle(run, error))
      .then(() => this.drive.release(job))
      .catch((error: unknown) =>
        this.logger.warn(`Could not give ${job.id} back; its lease ends soon: ${String(error)}`),
      )
      .finally(() => {
        this.runs.delete(run);
        // There may be room for another one of the owner's.
        if (!this.isClosed) void this.task.runNow();
      });
    this.runs.set(run, work);
  }

  private async handle(run: JobRun, error: unknown): Promise<void> {
    if (run.isStopped || error instanceof LeaseLostError || error instanceof ShuttingDownError) return;
    const cause = toAppError(error, `in ${run.job.id}`, this.logger);
    if (cause instanceof DatabaseOutageError) return;
    if (cause instanceof NotFoundError) {
      // What is not found may belong to another key by now, and the job with it.
      await run.renew();
      if (run.isStopped) return;
    }
    await this.fail(run.job, cause);
  }

  private async fail(job: JobEntity, error: unknown): Promise<void> {
    const reason = toJobError(toAppError(error, `in ${job.id}`, this.logger), job);
    await this.drive.record(job, {
      status: 'failed',
      from: DRIVEN,
      columns: { error: reason },
      events: [{ type: 'message', level: 'error', message: reason.message, key: 'failed', data: { ...reason } }],
    });
  }
}
