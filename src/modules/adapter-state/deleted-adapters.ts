import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PeriodicTask } from '../../common/periodic-task.js';
import { AppConfig } from '../../config/app-config.js';
import { SnapshotRepository } from '../adapters/index.js';

const HOUR_MS = 3_600_000;
const BATCH = 500;

/**
 * Deletes the rows of adapters that were deleted DELETED_ADAPTER_HOURS ago. A row stays longer while something refers to
 * it: requests (which FUTURE_RETENTION_HOURS keeps), files that could not be deleted, a fork without a state of its own.
 */
@Injectable()
export class DeletedAdapters implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(DeletedAdapters.name);
  private readonly task = new PeriodicTask(
    { purpose: 'delete the rows of deleted adapters', intervalMs: HOUR_MS, runsAtStart: true, logger: this.logger },
    () => this.sweep(),
  );

  constructor(
    private readonly config: AppConfig,
    private readonly snapshots: SnapshotRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.task.stop();
  }

  /** Returns how many rows went. */
  async sweep(now = new Date()): Promise<number> {
    const hours = this.config.deletedAdapterHours;
    if (hours === 0) return 0;
    const before = new Date(now.getTime() - hours * HOUR_MS);
    let total = 0;
    for (let deleted = BATCH; deleted === BATCH; total += deleted) {
      deleted = await this.snapshots.forgetDeleted(before, BATCH);
    }
    if (total > 0) this.logger.log(`Deleted the rows of ${total} adapters that were deleted ${hours} hours ago`);
    return total;
  }
}
