import { Injectable } from '@nestjs/common';
import { deleteInBatches } from '../../common/periodic/delete-in-batches.js';
import { PeriodicWork } from '../../common/periodic/periodic-work.js';
import { AppConfig } from '../../config/app-config.js';
import { AdaptersService } from './adapters.service.js';

const HOUR_MS = 3_600_000;
const BATCH = 100;

/** Deletes adapters that nobody has used for ADAPTER_RETENTION_DAYS, as their owners would. */
@Injectable()
export class IdleAdapters extends PeriodicWork {
  protected readonly tasks = [
    this.task({ purpose: 'delete idle adapters', intervalMs: HOUR_MS, runsAtStart: true }, () => this.sweep()),
  ];

  constructor(
    private readonly config: AppConfig,
    private readonly adapters: AdaptersService,
  ) {
    super();
  }

  /** Returns how many were deleted. */
  async sweep(now = new Date()): Promise<number> {
    const days = this.config.retentionDays.adapters;
    if (days === 0) return 0;
    const before = new Date(now.getTime() - days * 24 * HOUR_MS);
    const deleted = await deleteInBatches(BATCH, (size) => this.adapters.deleteIdle(before, size));
    if (deleted > 0) this.logger.log(`Deleted ${deleted} adapters that nobody had used for ${days} days`);
    return deleted;
  }
}
