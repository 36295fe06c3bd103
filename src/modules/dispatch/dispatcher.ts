import { Injectable, Logger } from '@nestjs/common';
import { type AppError } from '../../common/errors/app-error.js';
import { Semaphore } from '../../common/semaphore.js';
import { within } from '../../common/within.js';
import { AppConfig } from '../../config/app-config.js';
import { EVENT_CHANNELS, EventBus } from '../../events/event-bus.js';
import { type Job } from '../../queue/job-queue.js';
import { OperationLogRepository, type ClaimedRow } from '../futures/index.js';
import { Isolation } from './isolation.js';
import { Leases } from './leases/leases.js';
import { type Claimed, Line } from './line.js';
import { OperationRunner, type Outcome } from './operation-runner.js';
import { Pauses } from './pauses.js';

/** A sweep goes on to the next line when one is not taken within this time: somebody may hold the adapter's row. */
const TAKING_MS = 1000;

/** What a line is known by: an adapter, or a single request to a bare base model. */
type LineKey = Pick<Job, 'adapterId' | 'requestId'>;

interface Entry {
  readonly line: Line;
  /** Jobs that stay active until their request is settled. */
  readonly jobs: Map<string, PromiseWithResolvers>;
  /** What is to be done in the line when it has nothing better to do. */
  readonly chores: (() => Promise<void>)[];
  /** Its next operation waits for a slot, and nothing of it runs. */
  waitsForSlot: boolean;
  /** What is being done meanwhile. */
  chore: Promise<void> | null;
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: AppError) => void;
}

/** Told of operations that ended otherwise than by being settled. */
export interface DispatchListener {
  /** Another worker has the adapter (null: had the request), or may have. */
  onFenced(adapterId: string | null): void;
  /** The engine is gone; the operation waits again. */
  onEngineLost(): void;
}

/**
 * Decides what runs when: one line per adapter that this worker holds, in log order, and one per request to a bare base
 * model. Jobs, events and sweeps only wake a line; what it runs it reads from the rows. At most QUEUE_CONCURRENCY
 * operations are held at once.
 */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger(Dispatcher.name);
  private readonly entries = new Map<string, Entry>();
  private readonly slots: Semaphore;
  private readonly isolation = new Isolation();
  private readonly pauses = new Pauses();
  /** Requests whose claim this worker knows of. */
  private readonly running = new Set<string>();
  private workerId: string | null = null;
  private stopped = new AbortController();
  private idle: (() => void)[] = [];
  private listener: DispatchListener = { onFenced: () => undefined, onEngineLost: () => undefined };
  /** Adapters that a sweep has left to a worker with fewer; if they are still there at the next, it was not so. */
  private leftToOthers = new Set<string>();

  constructor(
    config: AppConfig,
    private readonly log: OperationLogRepository,
    private readonly runner: OperationRunner,
    private readonly leases: Leases,
    private readonly events: EventBus,
  ) {
    this.slots = new Semaphore(config.queueConcurrency);
    events.subscribe(EVENT_CHANNELS.lineWaits, { onEvent: (payload) => this.onLineWaits(payload) });
  }

  /** From now on rows are claimed, under this worker's id. */
  start(workerId: string, listener: DispatchListener): void {
    this.workerId = workerId;
    this.listener = listener;
    this.stopped = new AbortController();
  }

  /** No more claims; what runs goes on. */
  pause(): void {
    this.workerId = null;
  }

  /** Nothing runs any more. Resolves at once when nothing does. */
  async drained(): Promise<void> {
    if (this.entries.size > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** Gives up storing results that cannot be stored. */
  abandon(): void {
    this.stopped.abort();
  }

  /**
   * Wakes the line of a job, or the worker that has it. Resolves when its request is settled or is another worker's
   * business, rejects when it failed.
   */
  async dispatch({ requestId, adapterId }: Job): Promise<void> {
    if (adapterId !== null) {
      const taking = await this.leases.hold(adapterId, true);
      if (taking.lease === null)
        return this.events.publish(EVENT_CHANNELS.lineWaits, `${adapterId} ${taking.heldBy ?? '*'}`);
    }
    const entry = this.entryOf({ requestId, adapterId });
    const job = entry.jobs.get(requestId) ?? withResolvers();
    entry.jobs.set(requestId, job);
    entry.line.wake();
    await job.promise;
  }

  /** Wakes every line in which something waits and that is ours or free: finds what has no job, and no worker. */
  async sweep(): Promise<void> {
    if (this.workerId === null) return;
    await this.leases.returnOfDeadWorkers();
    const lost = await this.log.returnUnknownClaims(this.workerId, [...this.running]);
    if (lost > 0) this.logger.warn(`${lost} requests were claimed without an answer and wait again`);
    const left = this.leftToOthers;
    this.leftToOthers = new Set();
    // One after another, so that two workers that sweep at the same time share the lines.
    for (const line of await this.leases.openLines()) {
      await within(TAKING_MS, this.wakeIfOurs(line, !left.has(line.adapterId ?? '')));
    }
  }

  /** Never fails: a line that cannot be looked at must not keep the sweep from the others. */
  private async wakeIfOurs({ adapterId, requestId }: LineKey, onlyIfLeastLoaded: boolean): Promise<void> {
    try {
      const taking = adapterId === null ? null : await this.leases.hold(adapterId, onlyIfLeastLoaded);
      if (taking?.lease === null) this.leftToOthers.add(adapterId ?? '');
      else this.entryOf({ adapterId, requestId }).line.wake();
    } catch (error) {
      this.logger.warn(`Could not take the line of ${adapterId ?? requestId}, trying again: ${String(error)}`);
    }
  }

  /** Runs a chore in an adapter's line, between its operations: once none of them waits, or while all wait for a slot. */
  whenQuiet(adapterId: string, chore: () => Promise<void>): void {
    const entry = this.entryOf({ adapterId, requestId: '' });
    if (entry.waitsForSlot) {
      entry.chore ??= chore().finally(() => (entry.chore = null));
      return;
    }
    if (entry.chores.length === 0) entry.chores.push(chore);
    entry.line.wake();
  }

  /** Does something of the adapter wait or run here? */
  isBusy(adapterId: string): boolean {
    return this.entries.has(adapterId);
  }

  private onLineWaits(payload: string): void {
    const [adapterId = '', workerId] = payload.split(' ');
    if (this.workerId === null || (workerId !== '*' && workerId !== this.workerId)) return;
    this.leases.hold(adapterId, true).then(
      ({ lease }) => {
        if (lease !== null) this.entryOf({ adapterId, requestId: '' }).line.wake();
      },
      (error: unknown) =>
        this.logger.warn(`Could not look at the line of ${adapterId}, the sweep will: ${String(error)}`),
    );
  }

  private entryOf({ adapterId, requestId }: LineKey): Entry {
    const key = nameOf({ adapterId, requestId });
    const existing = this.entries.get(key);
    if (existing !== undefined) return existing;
    const line = new Line({
      claim: async (readOnlyOnly) => {
        const chore = () => (readOnlyOnly ? null : nextChore(entry.chores));
        const early = this.slots.isFull ? chore() : null;
        return early ?? (await this.claim({ adapterId, requestId }, readOnlyOnly, entry)) ?? chore();
      },
      idle: () => this.close(key, entry.jobs),
      failed: (error) => this.logger.warn(`Could not read the line of ${key}, the sweep tries again: ${String(error)}`),
    });
    const entry: Entry = { line, jobs: new Map(), chores: [], waitsForSlot: false, chore: null };
    this.entries.set(key, entry);
    return entry;
  }

  /** Holds a slot from before the claim to the end of the run, so that no more rows are in memory than slots. */
  private async claim(key: LineKey, readOnlyOnly: boolean, entry: Entry): Promise<Claimed | null> {
    if (this.pauses.isPaused(nameOf(key))) return null; // the sweep wakes it again
    entry.waitsForSlot = !readOnlyOnly;
    const release = await this.slots.acquire();
    entry.waitsForSlot = false;
    try {
      await entry.chore;
      const workerId = this.workerId;
      const lease = key.adapterId === null ? 0 : this.leases.of(key.adapterId);
      if (workerId !== null && lease !== undefined) {
        const row = await this.take(key, workerId, lease, readOnlyOnly);
        if (row !== null) {
          this.running.add(row.request_id);
          return { kind: row.kind, run: () => this.run(row, workerId, lease, entry.jobs).finally(release) };
        }
      }
    } catch (error) {
      release();
      throw error;
    }
    release();
    return null;
  }

  private take(
    { adapterId, requestId }: LineKey,
    workerId: string,
    lease: number,
    readOnlyOnly: boolean,
  ): Promise<ClaimedRow | null> {
    if (adapterId === null) return this.log.claimOne(requestId, workerId);
    return this.log.claimNext(adapterId, workerId, lease, readOnlyOnly);
  }

  private async run(row: ClaimedRow, workerId: string, lease: number, jobs: Entry['jobs']): Promise<void> {
    const outcome = await this.isolation.run(!row.begun, async () => {
      const isOpen = this.workerId === workerId;
      const ended = await this.runner.run(row, { workerId, lease, isOpen, stopped: this.stopped.signal });
      // Before the next one's turn: it must not begin on an engine that is gone.
      this.tell(ended, row);
      return ended;
    });
    this.running.delete(row.request_id);
    const job = jobs.get(row.request_id);
    jobs.delete(row.request_id);
    if (outcome.status === 'failed') job?.reject(outcome.error);
    else job?.resolve();
  }

  private tell({ status }: Outcome, { adapter_id: adapterId, request_id: requestId }: ClaimedRow): void {
    const line = nameOf({ adapterId, requestId });
    if (status === 'no room') this.pauses.extend(line);
    else this.pauses.end(line);
    if (status === 'not ours') this.listener.onFenced(adapterId);
    if (status === 'engine lost') this.listener.onEngineLost();
  }

  /** Jobs left over were for requests that are no longer waiting. */
  private close(key: string, jobs: Entry['jobs']): void {
    this.entries.delete(key);
    for (const job of jobs.values()) job.resolve();
    if (this.entries.size > 0) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }
}

function nameOf({ adapterId, requestId }: LineKey): string {
  return adapterId ?? requestId;
}

/** In the shape of an operation that changes the adapter, so that the line runs it by itself. */
function nextChore(chores: Entry['chores']): Claimed | null {
  const run = chores.shift();
  return run === undefined ? null : { kind: 'unload_adapter', run };
}

function withResolvers(): PromiseWithResolvers {
  let resolve: () => void = () => undefined;
  let reject: (error: AppError) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
