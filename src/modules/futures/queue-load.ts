import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { Semaphore } from '../../common/concurrency/semaphore.js';
import { whenDatabaseIsBack } from '../../database/outage.js';
import { ApiKeys } from '../keys/index.js';
import { QueueFullError } from './errors/queue-full.error.js';
import { FutureRepository } from './repositories/future.repository.js';
import { Tally } from './tally.js';

/** How old the counts may be. */
const REFRESH_MS = 500;

/** From this share of a limit on, clients are told that the server is short on capacity. */
const BUSY_SHARE = 0.5;

/**
 * How many requests wait, by key and in all, and whether more are taken. One query serves all requests of half a second;
 * what this process accepts meanwhile is added to it. Several API processes may together exceed a limit by what they
 * accept within that time, never for long.
 */
@Injectable()
export class QueueLoad {
  private readonly logger = new Logger(QueueLoad.name);
  private counted = new Tally();
  /** Accepted since the last count began, and what a count under way may have missed. */
  private accepted = new Tally();
  private earlier = new Tally();
  private readonly underWay = new Tally();
  /** Of owners whose operations at a time are limited: one request after another is counted and inserted. */
  private readonly turns = new Map<string, Semaphore>();
  private countedAt = -Infinity;
  private counting: Promise<void> | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly futures: FutureRepository,
    private readonly keys: ApiKeys,
  ) {}

  /** Counts anew where the last count is too old. */
  async refresh(): Promise<void> {
    if (performance.now() - this.countedAt < REFRESH_MS) return;
    this.counting ??= this.count().finally(() => (this.counting = null));
    await this.counting;
  }

  /** Why one more request of the owner is refused, by what is known; null when it is taken. */
  refusal(owner: string): QueueFullError | null {
    const { maxQueuedPerKey, maxQueuedRequests } = this.config;
    const waiting = this.waitingOf(owner);
    if (waiting >= maxQueuedPerKey) return new QueueFullError('key', waiting, maxQueuedPerKey);
    if (this.waiting >= maxQueuedRequests) return new QueueFullError('server', this.waiting, maxQueuedRequests);
    return null;
  }

  /**
   * Why one more operation of the owner is refused for those that are not settled; null when it is taken. Exact within
   * `inTurn`; several API processes may together exceed the limit by one operation each.
   */
  async refusalOfOpen(owner: string, manager: EntityManager): Promise<QueueFullError | null> {
    const { concurrentOperations: limit } = this.keys.knownLimitsOf(owner);
    if (limit === null) return null;
    const open = await this.futures.countOpen(owner, manager);
    return open >= limit ? new QueueFullError('unfinished', open, limit) : null;
  }

  /** Does the work at once, or after that of the owner's other requests where their number is limited. Not in a transaction. */
  async inTurn<T>(owner: string, work: () => Promise<T>): Promise<T> {
    if ((await this.keys.limitsOf(owner)).concurrentOperations === null) return work();
    const turns = this.turns.get(owner) ?? new Semaphore(1);
    this.turns.set(owner, turns);
    const release = await turns.acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * Counts a request of the owner from before its insert on. Call it at once after `refusal`, without waiting, so that
   * many requests do not all take the last slot.
   */
  async track(owner: string, insert: () => Promise<boolean>): Promise<boolean> {
    this.underWay.add(owner);
    try {
      const inserted = await insert();
      if (inserted) this.accepted.add(owner);
      return inserted;
    } finally {
      this.underWay.add(owner, -1);
    }
  }

  /** What to tell a client whose request waits because there are many; null when there are few. */
  async describePressure(owner: string): Promise<string | null> {
    await this.refresh();
    const { maxQueuedPerKey, maxQueuedRequests } = this.config;
    const own = this.waitingOf(owner);
    if (own >= maxQueuedPerKey * BUSY_SHARE) return `the workers are busy: ${own} of your requests are pending`;
    if (this.waiting >= maxQueuedRequests * BUSY_SHARE)
      return `the workers are busy: ${this.waiting} requests are pending`;
    return null;
  }

  private get waiting(): number {
    return [this.counted, this.earlier, this.accepted, this.underWay].reduce((sum, { total }) => sum + total, 0);
  }

  private waitingOf(owner: string): number {
    return [this.counted, this.earlier, this.accepted, this.underWay].reduce((sum, tally) => sum + tally.of(owner), 0);
  }

  private async count(): Promise<void> {
    this.earlier = this.accepted;
    this.accepted = new Tally();
    try {
      this.counted = new Tally(await whenDatabaseIsBack(() => this.futures.countWaiting()));
    } catch (error) {
      // The insert that follows meets the same trouble, and says so.
      this.logger.warn(`Could not count the pending requests: ${String(error)}`);
    }
    this.earlier = new Tally();
    this.countedAt = performance.now();
  }
}
