import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { EVENT_CHANNELS, EventBus } from '../../events/event-bus.js';
import { FutureRepository } from './repositories/future.repository.js';

/** How often the rows of all waiting requests are looked at, in case an event was lost. */
const SWEEP_MS = 2000;

interface Waiter {
  wake(): void;
}

/**
 * Long polls that wait for a future. A waiter is a promise with a deadline and costs no database session: one event
 * subscription and one sweep query serve all of them, thousands at a time.
 */
@Injectable()
export class WaiterHub implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(WaiterHub.name);
  private readonly waiters = new Map<string, Set<Waiter>>();
  private unsubscribe: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private sweeping = false;
  private closed = false;

  constructor(
    private readonly events: EventBus,
    private readonly futures: FutureRepository,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe(EVENT_CHANNELS.futureSettled, {
      onEvent: (requestId) => this.wake(requestId),
      onGap: () => void this.sweep(),
    });
    this.timer = setInterval(() => void this.sweep(), SWEEP_MS);
    this.timer.unref();
  }

  /** Lets every poll answer at once, so that the server can close. */
  onModuleDestroy(): void {
    this.closed = true;
    this.unsubscribe?.();
    clearInterval(this.timer);
    for (const requestId of [...this.waiters.keys()]) this.wake(requestId);
  }

  /** From the start of a shutdown on: nothing waits any more. */
  get isClosed(): boolean {
    return this.closed;
  }

  /** Requests somebody waits for. */
  get waitingRequests(): number {
    return this.waiters.size;
  }

  /**
   * Starts to listen for the end of a request. `ended` resolves when it is settled (or may be: look at the row), when
   * `waitMs` have passed, when the signal aborts, or when the process shuts down. Call `cancel` when no longer needed.
   * Begin before reading the row, so that an end between the two is not missed.
   */
  begin(requestId: string, waitMs: number, signal?: AbortSignal): { ended: Promise<void>; cancel: () => void } {
    let cancel = () => {};
    const ended = new Promise<void>((resolve) => {
      const waiter: Waiter = { wake: () => cancel() };
      const deadline = setTimeout(() => cancel(), waitMs);
      cancel = () => {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', cancel);
        this.remove(requestId, waiter);
        resolve();
      };
      this.insert(requestId, waiter);
      signal?.addEventListener('abort', cancel);
      if (this.closed || signal?.aborted === true) cancel();
    });
    return { ended, cancel };
  }

  private wake(requestId: string): void {
    for (const waiter of [...(this.waiters.get(requestId) ?? [])]) waiter.wake();
  }

  /** One query for all waiting requests. */
  private async sweep(): Promise<void> {
    if (this.sweeping || this.waiters.size === 0) return;
    this.sweeping = true;
    try {
      for (const requestId of await this.futures.findOver([...this.waiters.keys()])) this.wake(requestId);
    } catch (error) {
      this.logger.warn(`Could not look after waiting requests, trying again in ${SWEEP_MS} ms: ${String(error)}`);
    } finally {
      this.sweeping = false;
    }
  }

  private insert(requestId: string, waiter: Waiter): void {
    const waiters = this.waiters.get(requestId);
    if (waiters === undefined) this.waiters.set(requestId, new Set([waiter]));
    else waiters.add(waiter);
  }

  private remove(requestId: string, waiter: Waiter): void {
    const waiters = this.waiters.get(requestId);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.waiters.delete(requestId);
  }
}
