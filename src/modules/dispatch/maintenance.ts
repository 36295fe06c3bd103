import { Injectable, Logger } from '@nestjs/common';
import { deleteInBatches } from '../../common/periodic/delete-in-batches.js';
import { PeriodicTask } from '../../common/periodic/periodic-task.js';
import { AppConfig } from '../../config/app-config.js';
import { OperationLogRepository } from '../futures/index.js';
import { AdapterMemory } from './leases/adapter-memory.js';
import { Dispatcher } from './dispatcher.js';
import { Leases } from './leases/leases.js';

const SWEEP_MS = 1000;
const SHARE_MS = 5000;
const DELETE_MS = 10 * 60_000;
const DELETE_BATCH = 500;

/**
 * The periodic work of a worker: find operations that have no job or no worker, free memory, share adapters, delete old
 * requests.
 */
@Injectable()
export class Maintenance {
  private readonly logger = new Logger(Maintenance.name);
  private readonly tasks = [
    this.task('find waiting operations', SWEEP_MS, () => this.dispatcher.sweep()),
    this.task('free memory', SWEEP_MS, () => this.freeMemory()),
    this.task('share adapters with other workers', SHARE_MS, () => this.share()),
    this.task('delete old requests', DELETE_MS, (stopping) => this.deleteOld(new Date(), stopping)),
  ];

  constructor(
    private readonly config: AppConfig,
    private readonly dispatcher: Dispatcher,
    private readonly memory: AdapterMemory,
    private readonly leases: Leases,
    private readonly log: OperationLogRepository,
  ) {}

  start(): void {
    for (const task of this.tasks) task.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.tasks.map((task) => task.stop()));
  }

  /** Evicts idle and surplus adapters, and releases the leases of those that have left the memory. */
  private async freeMemory(): Promise<void> {
    for (const id of this.memory.evictable()) this.dispatcher.runWhenIdle(id, () => this.memory.evictIfIdle(id));
    await this.leases.releaseUnused((id) => this.dispatcher.isBusy(id) || this.memory.holds(id));
  }

  /** Releases one adapter when this worker holds more than its share, so that a worker with fewer can take it. */
  private async share(): Promise<void> {
    const id = await this.leases.findToSpare((one) => this.dispatcher.isBusy(one));
    if (id !== null) this.giveAway(id);
  }

  /** Releases every adapter once nothing of it runs, so that other workers can take it. */
  handOver(): void {
    for (const id of this.leases.all) this.giveAway(id);
  }

  private giveAway(id: string): void {
    this.dispatcher.runWhenIdle(id, async () => {
      await this.memory.unload(id);
      await this.leases.giveBack(id);
    });
  }

  /** Deletes requests that were settled more than FUTURE_RETENTION_HOURS ago; returns how many. */
  async deleteOld(now = new Date(), stopping?: AbortSignal): Promise<number> {
    const hours = this.config.futureRetentionHours;
    if (hours === 0) return 0;
    const before = new Date(now.getTime() - hours * 3_600_000);
    const deleted = await deleteInBatches(DELETE_BATCH, (size) => this.log.deleteSettled(before, size), stopping);
    if (deleted > 0) this.logger.log(`Deleted ${deleted} operations that were settled more than ${hours} hours ago`);
    return deleted;
  }

  private task(purpose: string, intervalMs: number, run: (stopping: AbortSignal) => Promise<unknown>): PeriodicTask {
    return new PeriodicTask({ purpose, intervalMs, runsAtStart: true, logger: this.logger }, run);
  }
}
