import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PeriodicTask } from '../../common/periodic-task.js';
import { CaptureRepository } from './repositories/capture.repository.js';

const SETTLE_MS = 5000;
const EXPIRY_MS = 600_000;

/**
 * Completes captures of requests that nobody waited for to the end (asynchronous ones, clients that are gone, a process
 * that died), and deletes those whose time is over. All API processes do this; nothing happens twice.
 */
@Injectable()
export class CaptureMaintenance implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(CaptureMaintenance.name);
  private readonly tasks: readonly PeriodicTask[];

  constructor(rows: CaptureRepository) {
    const { logger } = this;
    this.tasks = [
      new PeriodicTask({ purpose: 'settle captures', intervalMs: SETTLE_MS, logger }, () => rows.settleOpen()),
      new PeriodicTask({ purpose: 'delete expired captures', intervalMs: EXPIRY_MS, runsAtStart: true, logger }, () =>
        rows.deleteExpired(),
      ),
    ];
  }

  onApplicationBootstrap(): void {
    for (const task of this.tasks) task.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.tasks.map((task) => task.stop()));
  }
}
