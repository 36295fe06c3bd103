import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { PeriodicTask } from '../../../common/periodic/periodic-task.js';
import { EVENT_CHANNELS, EventBus } from '../../../events/event-bus.js';
import { type TokenEvents } from '../../../events/token-events.js';
import { FutureRepository, type ProgressRow } from '../repositories/future.repository.js';

const SWEEP_MS = 1000;

interface Watched {
  readonly wake: Set<() => void>;
  /** What the last sweep saw. */
  seen: string;
  ahead: number;
  tokens: number;
}

/**
 * Operations whose life somebody follows. One query per second looks at all of them, so a follower costs no database
 * session; the end of an operation is told at once.
 */
@Injectable()
export class FutureWatch implements OnModuleInit, OnModuleDestroy {
  private readonly watched = new Map<string, Watched>();
  private unsubscribe: (() => void)[] = [];
  private readonly task = new PeriodicTask(
    { purpose: 'look at followed requests', intervalMs: SWEEP_MS, logger: new Logger(FutureWatch.name) },
    () => this.sweep(),
  );
  private closed = false;

  constructor(
    private readonly events: EventBus,
    private readonly futures: FutureRepository,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = [
      this.events.subscribe(EVENT_CHANNELS.futureSettled, { onEvent: (id) => this.wake(this.watched.get(id)) }),
      this.events.subscribe(EVENT_CHANNELS.tokenStream, { onEvent: (payload) => this.countTokens(payload) }),
    ];
    this.task.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    for (const end of this.unsubscribe) end();
    for (const one of this.watched.values()) this.wake(one);
    await this.task.stop();
  }

  /** From the start of a shutdown on: nothing is followed any more. */
  get isClosed(): boolean {
    return this.closed;
  }

  /** Keeps an operation watched until `end` is called. */
  follow(requestId: string): { readonly follower: Follower; readonly end: () => void } {
    const one = this.watched.get(requestId) ?? { wake: new Set(), seen: '', ahead: 0, tokens: 0 };
    this.watched.set(requestId, one);
    const follower = new Follower(one, () => this.closed);
    const end = () => {
      one.wake.delete(follower.wake);
      if (one.wake.size === 0) this.watched.delete(requestId);
    };
    one.wake.add(follower.wake);
    return { follower, end };
  }

  private wake(one: Watched | undefined): void {
    for (const wake of one?.wake ?? []) wake();
  }

  private countTokens(payload: string): void {
    if (this.watched.size === 0) return;
    const { request_id: requestId, tokens } = JSON.parse(payload) as TokenEvents;
    const one = this.watched.get(requestId);
    if (one) one.tokens += tokens.length;
  }

  private async sweep(): Promise<void> {
    if (this.watched.size === 0) return;
    for (const row of await this.futures.findProgress([...this.watched.keys()])) this.look(row);
  }

  private look({ requestId, status, attempts, started, ahead }: ProgressRow): void {
    const one = this.watched.get(requestId);
    if (one === undefined) return;
    const seen = [status, attempts, started, ahead, one.tokens].join();
    one.ahead = ahead;
    if (seen !== one.seen) this.wake(one);
    one.seen = seen;
  }
}

/** One who follows an operation. A change between two waits ends the next one at once. */
export class Follower {
  private isWoken = false;
  private resolve: () => void = () => undefined;

  constructor(
    private readonly watched: Pick<Watched, 'ahead' | 'tokens'>,
    private readonly isClosed: () => boolean,
  ) {}

  /** Operations of the same queue before this one, while it is pending. */
  get ahead(): number {
    return this.watched.ahead;
  }

  /** Tokens drawn since somebody follows, of a generation that is streamed; else 0. */
  get tokens(): number {
    return this.watched.tokens;
  }

  readonly wake = (): void => {
    this.isWoken = true;
    this.resolve();
  };

  /** Resolves to true when something has changed, and to false after `ms` or when the signal aborts. */
  async changed(ms: number, signal: AbortSignal): Promise<boolean> {
    if (!this.isWoken && !signal.aborted && !this.isClosed()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener('abort', this.stop);
        this.resolve = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      signal.removeEventListener('abort', this.stop);
    }
    const { isWoken } = this;
    this.isWoken = false;
    return isWoken;
  }

  private readonly stop = (): void => this.resolve();
}
