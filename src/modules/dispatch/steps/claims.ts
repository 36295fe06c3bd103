import { Injectable } from '@nestjs/common';
import { FairSemaphore } from '../../../common/concurrency/fair-semaphore.js';
import { operationClaimed } from '../../../common/probes.js';
import { AppConfig } from '../../../config/app-config.js';
import { isReadOnly } from '../../../operations/operations.js';
import { type Claim, type ClaimedRow, ClaimRepository } from '../../futures/index.js';
import { type AdapterQueue } from '../adapter-queue.js';
import { Leases } from '../leases/leases.js';
import { type WorkPeriod } from '../work-period.js';

/** An operation that this worker has claimed, with the slot that it takes. */
export interface ClaimedOperation {
  readonly row: ClaimedRow;
  readonly claim: Claim;
  /** By the clock of performance.now(). */
  readonly claimedAt: number;
  /** By the same clock; Infinity without one. */
  readonly deadline: number;
  readonly queueKey: string;
  readonly period: WorkPeriod;
  /** May run beside other shared operations of its queue: it changes nothing. */
  readonly isShared: boolean;
  readonly releaseSlot: () => void;
}

/**
 * Claims rows, at most QUEUE_CONCURRENCY at once, of at most ADAPTER_CONCURRENCY adapters: a slot, and one for the adapter,
 * is held from before the claim to the end of the run, so that no more rows and adapters are in memory than that, and an
 * eighth for owners who have none. Owners have equal parts of both, whoever waits with more.
 */
@Injectable()
export class Claims {
  private readonly slots: FairSemaphore;
  private readonly adapterSlots: FairSemaphore;
  private readonly requestIds = new Set<string>();

  constructor(
    config: AppConfig,
    private readonly rows: ClaimRepository,
    private readonly leases: Leases,
  ) {
    this.slots = new FairSemaphore(config.queueConcurrency);
    this.adapterSlots = new FairSemaphore(config.adapterConcurrency);
  }

  /** The requests whose claim this worker knows of. */
  get known(): readonly string[] {
    return [...this.requestIds];
  }

  /** Would a claim of the queue have to wait? */
  areFullFor({ owner }: AdapterQueue): boolean {
    return this.slots.isFullFor(owner) || this.adapterSlots.isFullFor(owner);
  }

  /** Claims the queue's next operation; null when there is none, or none that may run beside the readers of the queue. */
  async next(queue: AdapterQueue, period: WorkPeriod): Promise<ClaimedOperation | null> {
    const readOnlyOnly = queue.readerCount > 0;
    const releaseSlot = await queue.takeSlot(() => this.acquire(queue));
    let claimed: ClaimedOperation | null = null;
    try {
      claimed = await this.take(queue, period, readOnlyOnly, releaseSlot);
    } finally {
      if (claimed === null) releaseSlot();
    }
    return claimed;
  }

  /** The operation has ended here, whatever came of it. */
  release({ row, releaseSlot }: ClaimedOperation): void {
    this.requestIds.delete(row.request_id);
    releaseSlot();
  }

  private async acquire(queue: AdapterQueue): Promise<() => void> {
    const releaseAdapterSlot =
      queue.id.adapterId === null ? () => undefined : await queue.takeAdapterSlot(this.adapterSlots);
    const releaseSlot = await this.slots.acquire(queue.owner);
    return () => {
      releaseSlot();
      releaseAdapterSlot();
    };
  }

  private async take(
    { id: { adapterId, requestId }, key }: AdapterQueue,
    period: WorkPeriod,
    readOnlyOnly: boolean,
    releaseSlot: () => void,
  ): Promise<ClaimedOperation | null> {
    const { workerId } = period;
    const lease = adapterId === null ? 0 : this.leases.of(adapterId);
    if (!period.isOpen || lease === undefined) return null;
    const row =
      adapterId === null
        ? await this.rows.claimOne(requestId, workerId)
        : await this.rows.claimNext(adapterId, workerId, lease, readOnlyOnly);
    if (row === null) return null;
    this.requestIds.add(row.request_id);
    if (row.attempts === 1) operationClaimed.publish({ kind: row.kind, waitedS: row.waited_s });
    const claim = { ...row, workerId, lease };
    const claimedAt = performance.now();
    const deadline = row.left_ms === null ? Infinity : claimedAt + row.left_ms;
    return { row, claim, claimedAt, deadline, queueKey: key, period, isShared: isReadOnly(row.kind), releaseSlot };
  }
}
