import { Injectable } from '@nestjs/common';
import { deleteInBatches } from '../../common/periodic/delete-in-batches.js';
import { PeriodicWork } from '../../common/periodic/periodic-work.js';
import { AppConfig } from '../../config/app-config.js';
import { SnapshotRepository } from '../adapters/index.js';

const HOUR_MS = 3_600_000;
const BATCH = 500;

/**
 * Deletes the rows of adapters that were deleted DELETED_ADAPTER_HOURS ago. A row stays longer while something refers to
 * it: requests (which FUTURE_RETENTION_HOURS keeps), files that could not be deleted, a fork without a state of its own.
 */
@Injectable()
export class DeletedAdapters extends PeriodicWork {
  protected readonly tasks = [
    this.task({ purpose: 'delete the rows of deleted adapters', intervalMs: HOUR_MS, runsAtStart: true }, () =>
      this.sweep(),
    ),
  ];

  constructor(
    private readonly config: AppConfig,
    private readonly snapshots: SnapshotRepository,
  ) {
    super();
  }

  /** Returns how many rows went. */
  async sweep(now = new Date()): Promise<number> {
    const hours = this.config.deletedAdapterHours;
    if (hours === 0) return 0;
    const before = new Date(now.getTime() - hours * HOUR_MS);
    const deleted = await deleteInBatches(BATCH, (size) => this.snapshots.forgetDeleted(before, size));
    if (deleted > 0) this.logger.log(`Deleted the rows of ${deleted} adapters that were deleted ${hours} hours ago`);
    return deleted;
  }
}
