import { Injectable, Logger } from '@nestjs/common';
import { type AppError } from '../../common/errors/app-error.js';
import { Semaphore } from '../../common/semaphore.js';
import { AppConfig } from '../../config/app-config.js';
import { type Job } from '../../queue/job-queue.js';
import { type OpenLine, OperationLogRepository, type OperationRow } from '../futures/index.js';
import { type Claimed, Line } from './line.js';
import { OperationRunner } from './operation-runner.js';

interface Entry {
  readonly line: Line;
  /** Jobs that stay active until their request is settled. */
  readonly jobs: Map<string, PromiseWithResolvers>;
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: AppError) => void;
}

/**
 * Decides what runs when: one line per adapter, in log order, and one per request to a bare base model. Jobs and sweeps
 * only wake a line; what it runs it reads from the rows. At most QUEUE_CONCURRENCY operations are held at once.
 */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger(Dispatcher.name);
  private readonly entries = new Map<string, Entry>();
  private readonly slots: Semaphore;
  private workerId: string | null = null;
  private stopped = new AbortController();
  private idle: (() => void)[] = [];
  private onFenced: () => void = () => undefined;

  constructor(
    config: AppConfig,
    private readonly log: OperationLogRepository,
    private readonly runner: OperationRunner,
  ) {
    this.slots = new Semaphore(config.queueConcurrency);
  }

  /**
   * From now on rows are claimed, under this worker's id. `onFenced` is called when a result could not be stored
   * because another worker has taken the request.
   */
  start(workerId: string, onFenced: () => void): void {
    this.workerId = workerId;
    this.onFenced = onFenced;
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

  /** Wakes the line of a job. Resolves when its request is settled, rejects when it failed. */
  async dispatch({ requestId, adapterId }: Job): Promise<void> {
    const entry = this.entryOf({ requestId, adapterId });
    const job = entry.jobs.get(requestId) ?? withResolvers();
    entry.jobs.set(requestId, job);
    entry.line.wake();
    await job.promise;
  }

  /** Wakes every line in which something waits: finds what has no job. */
  async sweep(): Promise<void> {
    if (this.workerId === null) return;
    for (const open of await this.log.findOpenLines()) this.entryOf(open).line.wake();
  }

  private entryOf({ adapterId, requestId }: OpenLine): Entry {
    const key = adapterId ?? requestId;
    const existing = this.entries.get(key);
    if (existing !== undefined) return existing;
    const jobs: Entry['jobs'] = new Map();
    const line = new Line({
      claim: (readOnlyOnly) => this.claim({ adapterId, requestId }, readOnlyOnly, jobs),
      idle: () => this.close(key, jobs),
      failed: (error) => this.logger.warn(`Could not read the line of ${key}, the sweep tries again: ${String(error)}`),
    });
    const entry = { line, jobs };
    this.entries.set(key, entry);
    return entry;
  }

  /** Holds a slot from before the claim to the end of the run, so that no more rows are in memory than slots. */
  private async claim(open: OpenLine, readOnlyOnly: boolean, jobs: Entry['jobs']): Promise<Claimed | null> {
    const release = await this.slots.acquire();
    const workerId = this.workerId;
    try {
      const row = workerId === null ? null : await this.take(open, workerId, readOnlyOnly);
      if (row !== null && workerId !== null) {
        return { kind: row.kind, run: () => this.run(row, workerId, jobs).finally(release) };
      }
    } catch (error) {
      release();
      throw error;
    }
    release();
    return null;
  }

  private take(
    { adapterId, requestId }: OpenLine,
    workerId: string,
    readOnlyOnly: boolean,
  ): Promise<OperationRow | null> {
    if (adapterId === null) return this.log.claimOne(requestId, workerId);
    return this.log.claimNext(adapterId, workerId, readOnlyOnly);
  }

  private async run(row: OperationRow, workerId: string, jobs: Entry['jobs']): Promise<void> {
    const outcome = await this.runner.run(row, workerId, this.stopped.signal);
    const job = jobs.get(row.request_id);
    jobs.delete(row.request_id);
    if (outcome.status === 'failed') job?.reject(outcome.error);
    else job?.resolve();
    if (outcome.status === 'not ours') this.onFenced();
  }

  /** Jobs left over were for requests that are no longer waiting. */
  private close(key: string, jobs: Entry['jobs']): void {
    this.entries.delete(key);
    for (const job of jobs.values()) job.resolve();
    if (this.entries.size > 0) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }
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
