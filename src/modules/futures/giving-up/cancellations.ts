import { Injectable } from '@nestjs/common';
import { AppError } from '../../../common/errors/app-error.js';
import { EVENT_CHANNELS, EventBus } from '../../../events/event-bus.js';
import { DeadlineExceededError } from '../errors/deadline-exceeded.error.js';
import { type Operation } from '../log/operation.js';

/** Cancelled requests to remember. They matter for the moment between a claim and the start of its handler only. */
const MAX_REMEMBERED = 1024;

/**
 * Aborts the signals of running requests that clients cancel, or whose deadline passes. It listens for as long as the
 * process runs, so a request that is cancelled between its claim and the start of its handler starts with an aborted signal.
 */
@Injectable()
export class Cancellations {
  private readonly remembered = new Set<string>();
  private readonly running = new Map<string, AbortController>();

  constructor(events: EventBus) {
    events.subscribe(EVENT_CHANNELS.requestCancelled, { onEvent: (requestId) => this.cancel(requestId) });
  }

  /** Runs `work` with a signal that aborts when the request is cancelled or overdue. @throws DeadlineExceededError */
  async run<T>(
    { requestId, deadline }: Pick<Operation, 'requestId' | 'deadline'>,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    if (this.remembered.has(requestId)) controller.abort();
    this.running.set(requestId, controller);
    const overdue = new DeadlineExceededError(requestId);
    const timer = isFinite(deadline)
      ? setTimeout(() => controller.abort(overdue), deadline - performance.now())
      : undefined;
    try {
      return await work(controller.signal);
    } catch (error) {
      const isGivenUp = error instanceof AppError && error.code === 'cancelled';
      throw isGivenUp && controller.signal.reason === overdue ? overdue : error;
    } finally {
      clearTimeout(timer);
      this.running.delete(requestId);
    }
  }

  private cancel(requestId: string): void {
    this.running.get(requestId)?.abort();
    this.remembered.add(requestId);
    for (const oldest of this.remembered) {
      if (this.remembered.size <= MAX_REMEMBERED) return;
      this.remembered.delete(oldest);
    }
  }
}
