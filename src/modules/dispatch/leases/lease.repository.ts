import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { serializeError } from '../../../common/errors/app-error.js';
import { FaultPoints } from '../../../common/fault-points.js';
import { type Claim, NOTIFY_WAITERS } from '../../futures/index.js';
import { TELL_WEBHOOKS_OF_FUTURES } from '../../webhooks/index.js';
import { IS_ALIVE } from '../../workers/index.js';
import { MAX_CRASHES, WorkerKilledError } from '../worker/worker-killed.error.js';

/**
 * SQL: does nobody who lives hold the adapter of row `adapter`? $1 is the asking worker, $2 tells whether it may judge
 * who lives.
 */
const IS_FREE = `(adapter.worker_id IS NULL OR adapter.worker_id = $1
  OR ($2::boolean AND NOT EXISTS (SELECT FROM workers worker WHERE worker.id = adapter.worker_id AND ${IS_ALIVE})))`;

/** SQL: leases of the living workers that take work, one row each. */
const LOADS = `SELECT count(held.id) FROM workers worker LEFT JOIN adapters held ON held.worker_id = worker.id
  WHERE ${IS_ALIVE} AND worker.draining_since IS NULL GROUP BY worker.id`;

/** SQL: deaths of a running request once that of its worker is counted. */
const DEATHS = `(deaths + (started_at IS NOT NULL)::int)`;

/** A queue with open requests, as a worker that looks for work sees it. */
export interface OpenQueue {
  /** Null: a single request without an adapter, to a base model or to sampler weights. */
  readonly adapterId: string | null;
  /** The first open request of the queue. */
  readonly requestId: string;
  readonly owner: string;
}

/** A lease that was taken, or the worker that has the adapter (null: it is free, but for one with fewer leases). */
export type Taking = { readonly lease: number } | { readonly lease: null; readonly heldBy: string | null };

/** The worker that asks for a lease. */
export interface Asker {
  readonly workerId: string;
  /** May it declare others dead? Not right after an outage of the database, which silences all of them. */
  readonly mayTakeOver: boolean;
}

/**
 * The leases in the adapters table. Rows are locked in one order everywhere, adapter before futures, so that a
 * take-over and a result that is being stored never wait for each other.
 */
@Injectable()
export class LeaseRepository {
  constructor(
    private readonly database: DataSource,
    private readonly faults: FaultPoints,
  ) {}

  /**
   * Takes an adapter that nobody who lives holds, and puts what its last holder left running back into the queue.
   * The lease is a number that no holder before has had. With `onlyIfLeastLoaded` the adapter is left to a living worker
   * that holds fewer.
   *
   * Two statements, each by itself: the second has to see what the last holder claimed before the first had the row's
   * lock, and between the two no lock is held, for a process may stand still there. It does nothing under an outdated
   * lease; and where it is never reached, the adapter's requests wait for the next one who takes the adapter.
   */
  async take(adapterId: string, asker: Asker, onlyIfLeastLoaded: boolean): Promise<Taking> {
    const fair = `(NOT $4::boolean OR (SELECT count(*) FROM adapters WHERE worker_id = $1) <= ALL (${LOADS}))`;
    const [taken]: [{ lease: string }[], number] = await this.database.query(
      `UPDATE adapters adapter SET worker_id = $1, lease = adapter.lease + 1
       WHERE adapter.id = $3 AND ${IS_FREE} AND ${fair} RETURNING adapter.lease`,
      [asker.workerId, asker.mayTakeOver, adapterId, onlyIfLeastLoaded],
    );
    if (taken[0] === undefined) return { lease: null, heldBy: await this.holderOf(adapterId) };
    const lease = Number(taken[0].lease);
    this.faults.reach('lease-written');
    const stillMine = `(SELECT id FROM adapters WHERE id = $3 AND lease = $4 FOR SHARE)`;
    await this.returnToQueue(`adapter_id = ${stillMine}`, [adapterId, lease]);
    return { lease };
  }

  /** Requests without an adapter have no lease: those whose worker is dead wait again. */
  async returnOfDeadWorkers(): Promise<void> {
    const dead = `NOT EXISTS (SELECT FROM workers worker WHERE worker.id = futures.worker_id AND ${IS_ALIVE})`;
    await this.returnToQueue(`adapter_id IS NULL AND ${dead}`, []);
  }

  /** The engine died while this claim ran, and the worker lives on. */
  async returnClaim({ request_id: requestId, workerId, attempts }: Claim): Promise<void> {
    const which = `request_id = $3 AND worker_id = $4 AND attempts = $5`;
    await this.returnToQueue(which, [requestId, workerId, attempts]);
  }

  /** Queues with open requests that this worker holds or may take, those that wait longest first. */
  async findOpenQueues({ workerId, mayTakeOver }: Asker): Promise<OpenQueue[]> {
    const rows: { adapter_id: string | null; request_id: string; owner: string }[] = await this.database.query(
      `SELECT adapter_id, request_id, owner FROM (
         SELECT DISTINCT ON (coalesce(future.adapter_id, future.request_id))
                future.adapter_id, future.request_id, future.owner, future.position
         FROM futures future LEFT JOIN adapters adapter ON adapter.id = future.adapter_id
         WHERE (future.status = 'pending' OR (future.status = 'running' AND future.worker_id <> $1))
           AND (future.adapter_id IS NOT NULL OR future.status = 'pending') AND ${IS_FREE}
         ORDER BY coalesce(future.adapter_id, future.request_id), future.position) line
       ORDER BY position`,
      [workerId, mayTakeOver],
    );
    return rows.map(({ adapter_id: adapterId, request_id: requestId, owner }) => ({ adapterId, requestId, owner }));
  }

  /** Every lease that the worker holds. */
  async findHeld(workerId: string): Promise<Map<string, number>> {
    const rows: { id: string; lease: string }[] = await this.database.query(
      `SELECT id, lease FROM adapters WHERE worker_id = $1`,
      [workerId],
    );
    return new Map(rows.map((row) => [row.id, Number(row.lease)]));
  }

  /**
   * Does the worker hold at least two leases more than its share, rounded up? Then another one holds fewer, and is not
   * given enough that the leases come back.
   */
  async holdsTooMany(workerId: string): Promise<boolean> {
    const rows: unknown[] = await this.database.query(
      `SELECT FROM (${LOADS}) load (held)
       HAVING (SELECT count(*) FROM adapters WHERE worker_id = $1) > ceil(avg(held)) + 1`,
      [workerId],
    );
    return rows.length > 0;
  }

  /** Gives one lease back. */
  async release(adapterId: string, lease: number): Promise<void> {
    await this.database.query(`UPDATE adapters SET worker_id = NULL WHERE id = $1 AND lease = $2`, [adapterId, lease]);
  }

  async releaseAll(workerId: string): Promise<void> {
    await this.database.query(`UPDATE adapters SET worker_id = NULL WHERE worker_id = $1`, [workerId]);
  }

  /**
   * What ran when its worker died waits again; a request that has ended enough workers that it must be the cause
   * fails. One that only waited for its turn has ended none.
   */
  private async returnToQueue(which: string, parameters: readonly unknown[]): Promise<void> {
    await this.database.query(
      `WITH returned AS (
         UPDATE futures SET deaths = ${DEATHS}, started_at = NULL,
           worker_id = CASE WHEN ${DEATHS} < $1 THEN NULL ELSE worker_id END,
           status = CASE WHEN ${DEATHS} < $1 THEN 'pending' ELSE 'failed' END,
           error = CASE WHEN ${DEATHS} < $1 THEN NULL ELSE $2::jsonb END,
           finished_at = CASE WHEN ${DEATHS} < $1 THEN NULL ELSE now() END
         WHERE status = 'running' AND ${which}
         RETURNING request_id, sampler_id, owner, kind, model_id, status, error),
       done AS (SELECT * FROM returned WHERE status = 'failed'), ${TELL_WEBHOOKS_OF_FUTURES}
       ${NOTIFY_WAITERS}`,
      [MAX_CRASHES, JSON.stringify(serializeError(new WorkerKilledError())), ...parameters],
    );
  }

  private async holderOf(adapterId: string): Promise<string | null> {
    const rows: { worker_id: string | null }[] = await this.database.query(
      `SELECT worker.id AS worker_id FROM adapters adapter LEFT JOIN workers worker ON worker.id = adapter.worker_id AND ${IS_ALIVE}
       WHERE adapter.id = $1`,
      [adapterId],
    );
    return rows[0]?.worker_id ?? null;
  }
}
