import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { EVENT_CHANNELS, EventBus } from '../../events/event-bus.js';
import { FutureRepository, type FutureSummary } from '../futures/index.js';

/** What is settled within this time is read together. */
const GATHER_MS = 150;
/** More at a time are not told one by one. */
const MAX_BATCH = 200;

/** Null: more than can be told, so look for yourself. */
export type SettledListener = (operations: readonly FutureSummary[] | null) => void;

/** Tells listeners what is settled of an owner's operations, by whatever process. Reads nothing while nobody listens. */
@Injectable()
export class SettledOperations implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(SettledOperations.name);
  private readonly listeners = new Map<string, Set<SettledListener>>();
  private gathered = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly events: EventBus,
    private readonly futures: FutureRepository,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe(EVENT_CHANNELS.futureSettled, {
      onEvent: (id) => this.gather(id),
      onGap: () => this.tellAll(),
    });
  }

  onModuleDestroy(): void {
    this.unsubscribe();
    clearTimeout(this.timer);
  }

  /** Returns the function that ends it. */
  listen(owner: string, listener: SettledListener): () => void {
    const listeners = this.listeners.get(owner) ?? new Set();
    this.listeners.set(owner, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.listeners.delete(owner);
    };
  }

  private gather(requestId: string): void {
    if (this.listeners.size === 0) return;
    if (this.gathered.size <= MAX_BATCH) this.gathered.add(requestId);
    this.timer ??= setTimeout(() => void this.tell(), GATHER_MS).unref();
  }

  private async tell(): Promise<void> {
    const ids = [...this.gathered];
    this.gathered = new Set();
    this.timer = undefined;
    if (ids.length > MAX_BATCH) return this.tellAll();
    try {
      const settled = await this.futures.findSummaries(ids);
      for (const [owner, listeners] of this.listeners) {
        const own = settled.filter((operation) => operation.owner === owner);
        if (own.length > 0) for (const listener of [...listeners]) listener(own);
      }
    } catch (error) {
      this.logger.warn(`Could not read what was settled: ${String(error)}`);
      this.tellAll();
    }
  }

  private tellAll(): void {
    for (const listeners of this.listeners.values()) for (const listener of [...listeners]) listener(null);
  }
}
