import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { type SerializedError } from '../../../common/errors/app-error.js';
import { isReadOnly, OPERATION_KINDS, type OperationKind } from '../../../domain/operation.js';
import { EVENT_CHANNELS } from '../../../events/event-bus.js';
import { FutureEntity } from '../entities/future.entity.js';

/** A row as the worker sees it. */
export interface OperationRow {
  readonly request_id: string;
  /** bigint, as text. */
  readonly position: string;
  readonly kind: OperationKind;
  readonly adapter_id: string | null;
  readonly model_id: string;
  readonly base_model: string;
  readonly attempts: number;
  readonly request: Buffer;
}

/** One line of waiting operations: an adapter's, or a single request to a bare base model. */
export interface OpenLine {
  readonly adapterId: string | null;
  /** The first waiting request of the line. */
  readonly requestId: string;
}

const COLUMNS = 'request_id, position, kind, adapter_id, model_id, base_model, attempts, request';
const READ_ONLY_KINDS = OPERATION_KINDS.filter(isReadOnly);
const MUTATING_KINDS = OPERATION_KINDS.filter((kind) => !isReadOnly(kind));

/**
 * The worker's side of the futures table. Every change of state is a guarded update: a row is claimed only while it is
 * pending and settled only by the worker that runs it, so of two workers at most one writes.
 */
@Injectable()
export class OperationLogRepository {
  constructor(@InjectRepository(FutureEntity) private readonly rows: Repository<FutureEntity>) {}

  /**
   * Starts the first waiting operation of an adapter's line; null when there is none, or (`readOnlyOnly`) when it
   * would change the adapter.
   */
  async claimNext(adapterId: string, workerId: string, readOnlyOnly: boolean): Promise<OperationRow | null> {
    return this.claim(
      `WITH head AS (
         SELECT request_id, kind FROM futures WHERE adapter_id = $2 AND status = 'pending' ORDER BY position LIMIT 1)
       SELECT request_id FROM head WHERE NOT $3::boolean OR kind = ANY ($4)`,
      [workerId, adapterId, readOnlyOnly, READ_ONLY_KINDS],
    );
  }

  /** Starts one waiting operation; null when it is not waiting. */
  async claimOne(requestId: string, workerId: string): Promise<OperationRow | null> {
    return this.claim(`SELECT $2::text`, [workerId, requestId]);
  }

  private async claim(selection: string, parameters: unknown[]): Promise<OperationRow | null> {
    const [rows]: [OperationRow[], number] = await this.rows.query(
      `UPDATE futures SET status = 'running', worker_id = $1, started_at = now(), attempts = attempts + 1
       WHERE status = 'pending' AND request_id = (${selection})
       RETURNING ${COLUMNS}`,
      parameters,
    );
    return rows[0] ?? null;
  }

  /** Stores the result and tells the waiters, in one transaction. False when the row is no longer this worker's. */
  async complete(requestId: string, workerId: string, result: Uint8Array): Promise<boolean> {
    const bytes = Buffer.from(result.buffer, result.byteOffset, result.byteLength);
    return this.settle(`status = 'completed', result = $3`, [requestId, workerId, bytes]);
  }

  /** Stores the error and tells the waiters, in one transaction. False when the row is no longer this worker's. */
  async fail(requestId: string, workerId: string, error: SerializedError): Promise<boolean> {
    return this.settle(`status = 'failed', error = $3`, [requestId, workerId, JSON.stringify(error)]);
  }

  private async settle(change: string, parameters: unknown[]): Promise<boolean> {
    const done: unknown[] = await this.rows.query(
      `WITH done AS (
         UPDATE futures SET ${change}, finished_at = now()
         WHERE request_id = $1 AND worker_id = $2 AND status = 'running' RETURNING request_id)
       SELECT pg_notify('${EVENT_CHANNELS.futureSettled}', request_id) FROM done`,
      parameters,
    );
    return done.length > 0;
  }

  /** Lines with waiting operations, those that wait longest first. */
  async findOpenLines(): Promise<OpenLine[]> {
    const lines: { adapter_id: string | null; request_id: string }[] = await this.rows.query(
      `SELECT DISTINCT ON (coalesce(adapter_id, request_id)) adapter_id, request_id, position
       FROM futures WHERE status = 'pending' ORDER BY coalesce(adapter_id, request_id), position`,
    );
    return lines.map((line) => ({ adapterId: line.adapter_id, requestId: line.request_id }));
  }

  /** Puts what other workers left running back into its line. Only the worker that holds the compute lock may. */
  async releaseOrphans(workerId: string): Promise<string[]> {
    const [rows]: [{ request_id: string }[], number] = await this.rows.query(
      `UPDATE futures SET status = 'pending', worker_id = NULL, started_at = NULL
       WHERE status = 'running' AND worker_id IS DISTINCT FROM $1 RETURNING request_id`,
      [workerId],
    );
    return rows.map((row) => row.request_id);
  }

  /** Puts what this worker runs back into its line: it is about to end and cannot finish it. */
  async releaseOwn(workerId: string): Promise<number> {
    const [, count]: [unknown[], number] = await this.rows.query(
      `UPDATE futures SET status = 'pending', worker_id = NULL, started_at = NULL
       WHERE status = 'running' AND worker_id = $1`,
      [workerId],
    );
    return count;
  }

  /** Ids of all adapters, deleted ones too. */
  async findAdapterIds(): Promise<string[]> {
    const rows: { id: string }[] = await this.rows.query(`SELECT id FROM adapters`);
    return rows.map((row) => row.id);
  }

  /** Completed operations that changed the adapter, after this position, in log order. */
  findMutations(adapterId: string, afterPosition: number, limit: number): Promise<OperationRow[]> {
    return this.rows.query(
      `SELECT ${COLUMNS} FROM futures
       WHERE adapter_id = $1 AND position > $2 AND status = 'completed' AND kind = ANY ($3)
       ORDER BY position LIMIT $4`,
      [adapterId, afterPosition, MUTATING_KINDS, limit],
    );
  }

  /**
   * Deletes futures that were settled before `before`, at most `limit`, and returns how many. Operations that changed
   * a live adapter stay until its newest snapshot contains them: they are what its state would be rebuilt from.
   */
  async deleteSettled(before: Date, limit: number): Promise<number> {
    const [, count]: [unknown[], number] = await this.rows.query(
      `DELETE FROM futures WHERE request_id IN (
         SELECT future.request_id FROM futures future LEFT JOIN adapters adapter ON adapter.id = future.adapter_id
         WHERE future.finished_at < $1
           AND (future.status = 'failed' OR future.kind = ANY ($2) OR adapter.id IS NULL
                OR adapter.deleted_at IS NOT NULL OR future.position <= adapter.state_position)
         LIMIT $3)`,
      [before, READ_ONLY_KINDS, limit],
    );
    return count;
  }
}
