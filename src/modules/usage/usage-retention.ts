import { Injectable } from '@nestjs/common';
import { PeriodicWork } from '../../common/periodic/periodic-work.js';
import { AppConfig } from '../../config/app-config.js';
import { UsageRepository } from './usage.repository.js';

const HOUR_MS = 3_600_000;

/** Deletes usage that is older than USAGE_RETENTION_DAYS. */
@Injectable()
export class UsageRetention extends PeriodicWork {
  protected readonly tasks = [
    this.task({ purpose: 'delete old usage', intervalMs: HOUR_MS, runsAtStart: true }, () => this.sweep()),
  ];

  constructor(
    private readonly config: AppConfig,
    private readonly usage: UsageRepository,
  ) {
    super();
  }

  /** Returns how many rows were deleted. */
  async sweep(now = new Date()): Promise<number> {
    const days = this.config.retentionDays.usage;
    if (days === 0) return 0;
    const deleted = await this.usage.deleteBefore(new Date(now.getTime() - days * 24 * HOUR_MS));
    if (deleted > 0) this.logger.log(`Deleted ${deleted} rows of usage that were older than ${days} days`);
    return deleted;
  }
}
