import { Injectable, Logger } from '@nestjs/common';
import { untraced } from '../../common/tracing/tracing.js';
import { within } from '../../common/concurrency/within.js';
import { ComputeBackend } from '../../compute/compute-backend.js';
import { EVENT_CHANNELS, EventBus } from '../../events/event-bus.js';
import { type Job } from '../../queue/job-queue.js';
import { ClaimRepository } from '../futures/index.js';
import { AdapterQueue, type IdleTask, type QueueId, queueKey } from './adapter-queue.js';
import { Leases } from './leases/leases.js';
import { OperationPipeline } from './operation-pipeline.js';
import { type ClaimedOperation, Claims } from './steps/claims.js';
import { type DispatchListener, WorkPeriod } from './work-period.js';

/** A sweep goes on to the next queue when one is not taken within this time: somebody may hold the adapter's row. */
const TAKING_MS = 1000;

/**
 * Decides what runs when: one queue per adapter that this worker holds, in log order, and one per request without an
 * adapter. Operations of a queue run one after another, except that read-only ones which follow each other run side by
 * side. Jobs, events and sweeps only wake a queue; what it runs it reads from the rows.
 */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger(Dispatcher.name);
  private readonly queues = new Map<string, AdapterQueue>();
  private period: WorkPeriod | null = null;
  private drainWaiters: (() => void)[] = [];
  /** Adapters that a sweep has left to a worker with fewer; if they are still there at the next, it was not so. */
  private leftToOthers = new Set<string>();

  constructor(
    private readonly claims: Claims,
    private readonly pipeline: OperationPipeline,
    private readonly rows: ClaimRepository,
    private readonly leases: Leases,
    private readonly backend: ComputeBackend,
    private readonly events: EventBus,
  ) {
    events.subscribe(EVENT_CHANNELS.operationWaits, { onEvent: (payload) => this.onOperationWaits(payload) });
  }

  /** From now on rows are claimed, under this worker's id. */
  start(workerId: string, listener: DispatchListener): void {
    this.period = new WorkPeriod(workerId, listener);
  }

  /** No more claims; what runs goes on. */
  pause(): void {
    this.period?.close();
  }

  /** Resolves when nothing runs any more. */
  async drained(): Promise<void> {
    if (this.queues.size > 0) await new Promise<void>((resolve) => this.drainWaiters.push(resolve));
  }

  /** Gives up storing results that cannot be stored. */
  abandon(): void {
    this.period?.abandon();
  }

  /**
   * Wakes the queue of a job, or the worker that has it. Resolves when its request is settled or is another worker's
   * business, rejects when it failed.
   */
  async dispatch({ requestId, adapterId, owner = '' }: Job): Promise<void> {
    if (adapterId !== null) {
      const taking = await this.leases.hold(adapterId, true);
      if (taking.lease === null)
        return this.events.publish(EVENT_CHANNELS.operationWaits, `${adapterId} ${taking.heldBy ?? '*'} ${owner}`);
    }
    const queue = this.queueOf({ requestId, adapterId, owner });
    const settled = queue.waitFor(requestId);
    this.wake(queue);
    await settled;
  }

  /** Wakes every queue with open requests that is ours or free: finds what has no job, and no worker. */
  async sweep(): Promise<void> {
    const { period } = this;
    if (period === null || !period.isOpen) return;
    await this.leases.returnOfDeadWorkers();
    const lost = await this.rows.returnUnknownClaims(period.workerId, this.claims.known);
    if (lost > 0) this.logger.warn(`${lost} claimed operations had no result and are pending again`);
    const left = this.leftToOthers;
    this.leftToOthers = new Set();
    // One after another, so that two workers that sweep at the same time share the queues.
    for (const id of await this.leases.openQueues()) {
      await within(TAKING_MS, this.wakeIfOurs(id, !left.has(id.adapterId ?? '')));
    }
  }

  /** Runs a task in an adapter's queue, between its operations: once none of them waits, or while all wait for a slot. */
  runWhenIdle(adapterId: string, task: IdleTask): void {
    const queue = this.queueOf({ adapterId, requestId: '' });
    const logged = () =>
      task().catch((error: unknown) =>
        this.logger.warn(`A task in the queue of ${adapterId} failed; it will be tried again: ${String(error)}`),
      );
    if (queue.addIdleTask(logged)) this.wake(queue);
  }

  /** Does something of the adapter wait or run here? */
  isBusy(adapterId: string): boolean {
    return this.queues.has(adapterId);
  }

  /** Never fails: a queue that cannot be looked at must not keep the sweep from the others. */
  private async wakeIfOurs(id: QueueId, onlyIfLeastLoaded: boolean): Promise<void> {
    try {
      const taking = id.adapterId === null ? null : await this.leases.hold(id.adapterId, onlyIfLeastLoaded);
      if (taking?.lease === null) this.leftToOthers.add(queueKey(id));
      else this.wake(this.queueOf(id));
    } catch (error) {
      this.logger.warn(`Could not take the queue of ${queueKey(id)}; retrying with the next sweep: ${String(error)}`);
    }
  }

  private onOperationWaits(payload: string): void {
    const [adapterId = '', workerId, owner = ''] = payload.split(' ');
    const { period } = this;
    if (period === null || !period.isOpen || (workerId !== '*' && workerId !== period.workerId)) return;
    void this.takeAndWake({ adapterId, requestId: '', owner });
  }

  private async takeAndWake(id: QueueId & { readonly adapterId: string }): Promise<void> {
    const { adapterId } = id;
    try {
      const { lease } = await this.leases.hold(adapterId, true);
      if (lease !== null) this.wake(this.queueOf(id));
    } catch (error) {
      this.logger.warn(`Could not look at the queue of ${adapterId}; the next sweep will: ${String(error)}`);
    }
  }

  private queueOf(id: QueueId): AdapterQueue {
    const key = queueKey(id);
    const queue = this.queues.get(key) ?? new AdapterQueue(id);
    queue.owner = id.owner ?? queue.owner;
    this.queues.set(key, queue);
    return queue;
  }

  private wake(queue: AdapterQueue): void {
    // What woke it may be a request, to which the operations of others do not belong.
    if (queue.wake()) void untraced(() => this.workOn(queue));
  }

  private async workOn(queue: AdapterQueue): Promise<void> {
    while (queue.takeWakeUp()) {
      try {
        await this.runAll(queue);
      } catch (error) {
        await queue.readersDone();
        this.logger.warn(`Could not read the queue of ${queue.key}; the next sweep tries again: ${String(error)}`);
      }
    }
    this.close(queue);
  }

  /** Runs until the queue is empty and its last reader is done. */
  private async runAll(queue: AdapterQueue): Promise<void> {
    for (;;) {
      if (this.claims.areFullFor(queue) && (await queue.runIdleTask())) continue;
      const claimed = await this.claim(queue);
      if (claimed?.isShared === true) queue.addReader(this.run(queue, claimed));
      else if (claimed !== null) await this.run(queue, claimed);
      else if (queue.readerCount > 0) await queue.readerDoneOrWoken();
      else if (!(await queue.runIdleTask())) return;
    }
  }

  private async claim(queue: AdapterQueue): Promise<ClaimedOperation | null> {
    if (this.period === null || queue.readerCount >= this.maxReaders) return null;
    return this.pipeline.claim(queue, this.period);
  }

  /** Maximum concurrent read-only operations per queue: more would only wait in the backend, with their payloads. */
  private get maxReaders(): number {
    const { passes, generations } = this.backend.capabilities.callsInFlight;
    return Math.max(passes, generations);
  }

  /** Never rejects: a reader runs with nobody waiting for it. */
  private async run(queue: AdapterQueue, claimed: ClaimedOperation): Promise<void> {
    const { request_id: requestId } = claimed.row;
    try {
      const outcome = await this.pipeline.run(claimed);
      queue.endJob(requestId, outcome.status === 'failed' ? outcome.error : null);
    } catch (error) {
      this.logger.error(`${requestId} could not be run to its end; the next sweep returns it: ${String(error)}`);
      queue.endJob(requestId, null);
    }
  }

  private close(queue: AdapterQueue): void {
    this.queues.delete(queue.key);
    queue.endAllJobs();
    if (this.queues.size > 0) return;
    for (const resolve of this.drainWaiters.splice(0)) resolve();
  }
}
