import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PeriodicTask } from '../../common/periodic-task.js';
import { AppConfig } from '../../config/app-config.js';
import { UsageRepository } from './usage.repository.js';

const HOUR_MS = 3_600_000;

/** Deletes usage that is older than USAGE_RETENTION_DAYS. */
@Injectable()
export class UsageRetention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(UsageRetention.name);
  private readonly task = new PeriodicTask(
    { purpose: 'delete old usage', intervalMs: HOUR_MS, runsAtStart: true, logger: this.logger },
    () => this.sweep(),
  );

  constructor(
    private readonly config: AppConfig,
    private readonly usage: UsageRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.task.stop();
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
