import { Injectable } from '@nestjs/common';
import { EVENT_CHANNELS, EventBus } from '../../../events/event-bus.js';

/** Cancelled requests to remember. They matter for the moment between a claim and the start of its handler only. */
const MAX_REMEMBERED = 1024;

/**
 * Aborts the signals of requests that clients give up. It listens for as long as the process runs, so a request that is
 * cancelled between its claim and the start of its handler starts with an aborted signal.
 */
@Injectable()
export class Cancellations {
  private readonly remembered = new Set<string>();
  private readonly running = new Map<string, AbortController>();

  constructor(events: EventBus) {
    events.subscribe(EVENT_CHANNELS.requestCancelled, { onEvent: (requestId) => this.cancel(requestId) });
  }

  /** Runs `work` with a signal that aborts when the request is cancelled. */
  async run<T>(requestId: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    if (this.remembered.has(requestId)) controller.abort();
    this.running.set(requestId, controller);
    try {
      return await work(controller.signal);
    } finally {
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
