import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { PeriodicTask } from '../../common/periodic/periodic-task.js';
import { EVENT_CHANNELS, EventBus } from '../../events/event-bus.js';
import { FutureRepository } from './repositories/future.repository.js';

/** How often the rows of all waiting requests are looked at, in case an event was lost. */
const SWEEP_MS = 2000;

interface Waiter {
  wake(): void;
}

/**
 * Long polls that wait for a future, or for any of a sampling session. A waiter is a promise with a deadline and costs
 * no database session: one event subscription and one sweep query serve all of them, thousands at a time.
 */
@Injectable()
export class WaiterHub implements OnModuleInit, OnModuleDestroy {
  private readonly waiters = new Map<string, Set<Waiter>>();
  private unsubscribe: (() => void) | undefined;
  private readonly task = new PeriodicTask(
    { purpose: 'poll for settled requests', intervalMs: SWEEP_MS, logger: new Logger(WaiterHub.name) },
    () => this.sweep(),
  );
  private closed = false;

  constructor(
    private readonly events: EventBus,
    private readonly futures: FutureRepository,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe(EVENT_CHANNELS.futureSettled, {
      onEvent: (id) => this.wake(id),
      onGap: () => void this.task.runNow(),
    });
    this.task.start();
  }

  /** Lets every poll answer at once, so that the server can close. */
  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    this.unsubscribe?.();
    for (const id of [...this.waiters.keys()]) this.wake(id);
    await this.task.stop();
  }

  /** From the start of a shutdown on: nothing waits any more. */
  get isClosed(): boolean {
    return this.closed;
  }

  /** Polls that wait at the moment. */
  get openPolls(): number {
    return [...this.waiters.values()].reduce((sum, waiters) => sum + waiters.size, 0);
  }

  /** Requests, and sampling sessions, somebody waits for. */
  get waitingRequests(): number {
    return this.waiters.size;
  }

  /**
   * Starts to listen for the end of a request, or of any request to a sampling session, by the id of the one or the
   * other. `ended` resolves when one is settled (or may be: look at the rows; for a session that is after SWEEP_MS at the
   * latest), when `waitMs` have passed, when the signal aborts, or when the process shuts down. Call `cancel` when no
   * longer needed. Begin before reading the rows, so that an end between the two is not missed.
   */
  begin(id: string, waitMs: number, signal?: AbortSignal): { ended: Promise<void>; cancel: () => void } {
    let cancel = () => {};
    const ended = new Promise<void>((resolve) => {
      const waiter: Waiter = { wake: () => cancel() };
      const deadline = setTimeout(() => cancel(), waitMs);
      cancel = () => {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', cancel);
        this.remove(id, waiter);
        resolve();
      };
      this.insert(id, waiter);
      signal?.addEventListener('abort', cancel);
      if (this.closed || signal?.aborted === true) cancel();
    });
    return { ended, cancel };
  }

  private wake(id: string): void {
    for (const waiter of [...(this.waiters.get(id) ?? [])]) waiter.wake();
  }

  /** One query for all that is waited for; it takes sampling sessions for settled, so that their polls look again. */
  private async sweep(): Promise<void> {
    if (this.waiters.size === 0) return;
    for (const id of await this.futures.findOver([...this.waiters.keys()])) this.wake(id);
  }

  private insert(id: string, waiter: Waiter): void {
    const waiters = this.waiters.get(id);
    if (waiters === undefined) this.waiters.set(id, new Set([waiter]));
    else waiters.add(waiter);
  }

  private remove(id: string, waiter: Waiter): void {
    const waiters = this.waiters.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.waiters.delete(id);
  }
}
