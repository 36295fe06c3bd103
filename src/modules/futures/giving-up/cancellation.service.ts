import { Injectable } from '@nestjs/common';
import { isSettled } from '../../../domain/operation.js';
import { isCancellable, isStoppable } from '../../../operations/operations.js';
import { AlreadySettledError, CannotBeCancelledError, RunsAlreadyError } from '../errors/cancellation.errors.js';
import { FuturesService } from '../futures.service.js';
import { type FutureSummary } from '../repositories/future.repository.js';

/** How long one try waits for the worker, and how many there are: an event to it may be lost. */
const TRY_MS = 1000;
const MAX_TRIES = 10;

/** Cancels requests, and tells for certain what became of that. */
@Injectable()
export class CancellationService {
  constructor(private readonly futures: FuturesService) {}

  /**
   * Returns the request once it is cancelled, or as it is when it runs on after MAX_TRIES or the signal aborts.
   * @throws AlreadySettledError, RunsAlreadyError, CannotBeCancelledError, NotFoundError
   */
  async cancel(requestId: string, signal: AbortSignal): Promise<FutureSummary> {
    for (let tries = 0; ; tries++) {
      const row = await this.futures.summary(requestId);
      if (row.error?.code === 'cancelled') return row;
      if (isSettled(row.status)) throw new AlreadySettledError(requestId, row.status);
      if (!isCancellable(row.kind)) throw new CannotBeCancelledError(requestId, row.kind);
      if (row.status === 'running' && !isStoppable(row.kind)) throw new RunsAlreadyError(requestId, row.kind);
      if (tries === MAX_TRIES || signal.aborted) return row;
      await this.futures.cancel(requestId);
      await this.futures.wait(requestId, TRY_MS, signal);
    }
  }
}
