import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { serializeError } from '../../../common/errors/app-error.js';
import { PeriodicTask } from '../../../common/periodic-task.js';
import { DeadlineExceededError } from '../errors/deadline-exceeded.error.js';
import { FutureRepository } from '../repositories/future.repository.js';

const SWEEP_MS = 1000;

/** Fails what is still pending at its deadline, also while no worker is alive. */
@Injectable()
export class OverdueRequests implements OnModuleInit, OnModuleDestroy {
  private readonly task = new PeriodicTask(
    { purpose: 'fail overdue requests', intervalMs: SWEEP_MS, logger: new Logger(OverdueRequests.name) },
    () => this.failOverdue(),
  );

  constructor(private readonly futures: FutureRepository) {}

  onModuleInit(): void {
    this.task.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.task.stop();
  }

  private async failOverdue(): Promise<void> {
    for (const requestId of await this.futures.findOverdue()) {
      await this.futures.cancel(requestId, serializeError(new DeadlineExceededError(requestId)));
    }
  }
}
