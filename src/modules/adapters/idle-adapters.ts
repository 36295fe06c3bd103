import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PeriodicTask } from '../../common/periodic-task.js';
import { AppConfig } from '../../config/app-config.js';
import { AdaptersService } from './adapters.service.js';

const HOUR_MS = 3_600_000;
const BATCH = 100;

/** Deletes adapters that nobody has used for ADAPTER_RETENTION_DAYS, as their owners would. */
@Injectable()
export class IdleAdapters implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(IdleAdapters.name);
  private readonly task = new PeriodicTask(
    { purpose: 'delete idle adapters', intervalMs: HOUR_MS, runsAtStart: true, logger: this.logger },
    () => this.sweep(),
  );

  constructor(
    private readonly config: AppConfig,
    private readonly adapters: AdaptersService,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.task.stop();
  }

  /** Returns how many were deleted. */
  async sweep(now = new Date()): Promise<number> {
    const days = this.config.retentionDays.adapters;
    if (days === 0) return 0;
    const before = new Date(now.getTime() - days * 24 * HOUR_MS);
    let total = 0;
    for (let deleted = BATCH; deleted === BATCH; total += deleted) {
      deleted = await this.adapters.deleteIdle(before, BATCH);
    }
    if (total > 0) this.logger.log(`Deleted ${total} adapters that nobody had used for ${days} days`);
    return total;
  }
}
