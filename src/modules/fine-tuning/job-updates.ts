import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { EVENT_CHANNELS, EventBus } from '../../events/event-bus.js';

/** How long one wait lasts, in case an event was lost. */
const MAX_WAIT_MS = 5000;

/** Wakes those who follow a job when something happens to it. */
@Injectable()
export class JobUpdates implements OnModuleInit, OnModuleDestroy {
  private readonly waiters = new Map<string, Set<() => void>>();
  private unsubscribe: () => void = () => undefined;
  private closed = false;

  constructor(private readonly events: EventBus) {}

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe(EVENT_CHANNELS.fineTuningJob, { onEvent: (id) => this.wake(id) });
  }

  onModuleDestroy(): void {
    this.closed = true;
    this.unsubscribe();
    for (const id of [...this.waiters.keys()]) this.wake(id);
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /**
   * Begins to listen; `heard` resolves at the next news of the job, and at the latest after MAX_WAIT_MS or when the signal
   * aborts. Begin before you look at the job, so that nothing falls between.
   */
  listen(jobId: string, signal: AbortSignal): { readonly heard: Promise<void> } {
    const heard = new Promise<void>((resolve) => {
      const waiters = this.waiters.get(jobId) ?? new Set();
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        waiters.delete(end);
        if (waiters.size === 0) this.waiters.delete(jobId);
        resolve();
      };
      const timer = setTimeout(end, MAX_WAIT_MS);
      this.waiters.set(jobId, waiters.add(end));
      signal.addEventListener('abort', end);
      if (signal.aborted || this.closed) end();
    });
    return { heard };
  }

  private wake(jobId: string): void {
    for (const end of [...(this.waiters.get(jobId) ?? [])]) end();
  }
}
