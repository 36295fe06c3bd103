import { Injectable } from '@nestjs/common';
import { FaultPoints } from '../../../common/fault-points.js';
import { type Asker, LeaseRepository, type OpenQueue, type Taking } from './lease.repository.js';
import { WorkerConnection } from '../worker/worker-connection.js';

/** A lease without anything in memory is kept this long, so that it does not come and go with each request. */
const KEPT_MS = 5000;

/** An adapter that was used within this time is not given to a worker with fewer. */
const IN_USE_MS = 20_000;

/**
 * The adapters that this worker holds, as it last heard from the database. It may be wrong: a worker that was stopped
 * for a while has lost its leases and does not know it yet. So nothing is decided by this memory alone; each write
 * carries the lease, and the database refuses an outdated one.
 */
@Injectable()
export class Leases {
  private readonly held = new Map<string, number>();
  /** When each was last asked for. */
  private readonly usedAt = new Map<string, number>();
  private readonly takings = new Map<string, Promise<Taking>>();
  private workerId = '';

  constructor(
    private readonly rows: LeaseRepository,
    private readonly connection: WorkerConnection,
    private readonly faults: FaultPoints,
  ) {}

  start(workerId: string): void {
    this.workerId = workerId;
  }

  /** The lease of an adapter that this worker holds. */
  of(adapterId: string): number | undefined {
    this.usedAt.set(adapterId, Date.now());
    return this.held.get(adapterId);
  }

  /** The adapters that this worker holds. */
  get all(): readonly string[] {
    return [...this.held.keys()];
  }

  /** Holds the adapter from now on, if it did not before and nobody else does. */
  async hold(adapterId: string, onlyIfLeastLoaded: boolean): Promise<Taking> {
    const lease = this.held.get(adapterId);
    if (lease !== undefined) return { lease };
    const existing = this.takings.get(adapterId);
    if (existing !== undefined) return existing;
    const taking = this.take(adapterId, onlyIfLeastLoaded).finally(() => this.takings.delete(adapterId));
    this.takings.set(adapterId, taking);
    return taking;
  }

  openQueues(): Promise<OpenQueue[]> {
    return this.rows.findOpenQueues(this.asker);
  }

  /** What dead workers left running without an adapter waits again. */
  async returnOfDeadWorkers(): Promise<void> {
    if (this.asker.mayTakeOver) await this.rows.returnOfDeadWorkers();
  }

  /** Compares with the database; returns the adapters that others have taken. */
  async findLost(): Promise<string[]> {
    const before = new Map(this.held);
    const now = await this.rows.findHeld(this.workerId);
    const lost = [...before].filter(([id, lease]) => now.get(id) !== lease && this.held.get(id) === lease);
    for (const [id] of lost) this.held.delete(id);
    return lost.map(([id]) => id);
  }

  /** Gives back the leases of adapters that have not been used for a while, for any worker to take. */
  async releaseUnused(isWarm: (adapterId: string) => boolean): Promise<void> {
    for (const [adapterId, lease] of [...this.held]) {
      if (this.idleMs(adapterId) < KEPT_MS || isWarm(adapterId)) continue;
      await this.release(adapterId, lease);
    }
  }

  /**
   * The adapter that another worker should rather have: of those that are not in use the one not used for longest, where
   * this worker holds more than its share. Null: all stay where they are warm.
   */
  async findToSpare(isBusy: (adapterId: string) => boolean): Promise<string | null> {
    const idle = [...this.held.keys()].filter((id) => !isBusy(id) && this.idleMs(id) >= IN_USE_MS);
    if (idle.length === 0 || !(await this.rows.holdsTooMany(this.workerId))) return null;
    return idle.reduce((longest, id) => (this.idleMs(id) > this.idleMs(longest) ? id : longest));
  }

  /** Gives the lease back, for any worker to take. Call in the adapter's queue, with nothing of it in memory. */
  async giveBack(adapterId: string): Promise<void> {
    const lease = this.held.get(adapterId);
    if (lease !== undefined) await this.release(adapterId, lease);
  }

  async releaseAll(): Promise<void> {
    this.held.clear();
    await this.rows.releaseAll(this.workerId);
  }

  private idleMs(adapterId: string): number {
    return Date.now() - (this.usedAt.get(adapterId) ?? 0);
  }

  private async release(adapterId: string, lease: number): Promise<void> {
    this.held.delete(adapterId);
    this.usedAt.delete(adapterId);
    await this.rows.release(adapterId, lease);
  }

  private get asker(): Asker {
    return { workerId: this.workerId, mayTakeOver: this.connection.isSteady };
  }

  private async take(adapterId: string, onlyIfLeastLoaded: boolean): Promise<Taking> {
    const taking = await this.rows.take(adapterId, this.asker, onlyIfLeastLoaded);
    if (taking.lease === null) return taking;
    this.faults.reach('adapter-leased');
    this.held.set(adapterId, taking.lease);
    return taking;
  }
}
