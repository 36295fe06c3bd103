import { Injectable } from '@nestjs/common';
import { serializeError } from '../../../common/errors/app-error.js';
import { PeriodicWork } from '../../../common/periodic/periodic-work.js';
import { DeadlineExceededError } from '../errors/deadline-exceeded.error.js';
import { FutureRepository } from '../repositories/future.repository.js';

const SWEEP_MS = 1000;

/** Fails what is still pending at its deadline, also while no worker is alive. */
@Injectable()
export class OverdueRequests extends PeriodicWork {
  protected readonly tasks = [
    this.task({ purpose: 'fail overdue requests', intervalMs: SWEEP_MS }, () => this.failOverdue()),
  ];

  constructor(private readonly futures: FutureRepository) {
    super();
  }

  private async failOverdue(): Promise<void> {
    for (const requestId of await this.futures.findOverdue()) {
      await this.futures.cancel(requestId, serializeError(new DeadlineExceededError(requestId)));
    }
  }
}
