import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Repository } from 'typeorm';
import { type SerializedError } from '../../../common/errors/app-error.js';
import { UNSETTLED } from '../../../database/unsettled.js';
import {
  OPERATION_KINDS,
  type OperationKind,
  type OperationStatus,
  UNSETTLED_STATUSES,
} from '../../../domain/operation.js';
import { isReadOnly } from '../../../operations/operations.js';
import { FutureEntity } from '../entities/future.entity.js';
import { SNAPSHOT_IS_USABLE, TOOK_EFFECT } from './settling-sql.js';

/** A row as the worker sees it. */
export interface OperationRow {
  readonly request_id: string;
  /** bigint, as text. */
  readonly position: string;
  readonly owner: string;
  /** -1, 0 or 1. */
  readonly priority: number;
  readonly kind: OperationKind;
  readonly adapter_id: string | null;
  readonly model_id: string;
  readonly base_model: string;
  /** With the worker's id it names one claim: no other claim of the request has both. */
  readonly attempts: number;
  readonly request: Buffer;
  readonly status: OperationStatus;
  /** Of settled ones: what was stored as their effect. */
  readonly step: number | null;
  readonly digest: string | null;
}

/** An operation that changed its adapter. */
export interface ChangeRow {
  readonly request_id: string;
  readonly position: number;
  readonly kind: OperationKind;
  readonly step: number | null;
  /** Of rewinds alone: where they lead. OperationData as bytes. */
  readonly request: Buffer | null;
  /** Of optimiser steps whose row does not say which one it was (from before it did): their result, as bytes. */
  readonly result: Buffer | null;
}

/** The same as a client reads of it. */
export interface HistoryRow {
  readonly request_id: string;
  /** bigint, as text. */
  readonly position: string;
  readonly kind: OperationKind;
  readonly step: number | null;
  readonly digest: string | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date;
  /** The first bytes: loss and metrics stand there, log-probs behind them. */
  readonly result: Buffer | null;
  /** Of one that failed. */
  readonly error: SerializedError | null;
}

/** The beginning of what an operation has answered. */
export type ResultHeadRow = Pick<HistoryRow, 'position' | 'kind' | 'finished_at' | 'result'>;

/** Operations of one kind that wait, or that run. */
export interface OpenOperations {
  readonly kind: OperationKind;
  readonly status: 'pending' | 'running';
  readonly count: number;
  /** Since the oldest of them was accepted. */
  readonly oldestS: number;
}

/** Of the log: from after one position up to and including another. */
export interface PositionRange {
  readonly after: number;
  readonly upTo: number;
}

const COLUMNS =
  'request_id, position, owner, priority, kind, adapter_id, model_id, base_model, attempts, status, step, digest, request';
const RESULT_HEAD_BYTES = 16_384;
const READ_ONLY_KINDS = OPERATION_KINDS.filter(isReadOnly);
const MUTATING_KINDS = OPERATION_KINDS.filter((kind) => !isReadOnly(kind));
/** Of a request that a fine-tuning job numbered: the unit at `position` has the two numbers after 2 * position. */
const IS_AHEAD_OF_JOB = `future.seq_id > 2 * (job.progress->>'position')::bigint`;

/** What the log of operations has, for replay, history, metrics and retention. A worker writes it by ClaimRepository. */
@Injectable()
export class OperationLogRepository {
  constructor(@InjectRepository(FutureEntity) private readonly rows: Repository<FutureEntity>) {}

  /** Everything that is not settled, by kind and status. */
  async countOpen(): Promise<OpenOperations[]> {
    const rows: (Omit<OpenOperations, 'oldestS'> & { oldest_s: number })[] = await this.rows.query(
      `SELECT kind, status, count(*)::int AS count, extract(epoch FROM now() - min(created_at))::float8 AS oldest_s
       FROM futures WHERE status IN ${UNSETTLED} GROUP BY kind, status`,
    );
    return rows.map(({ oldest_s: oldestS, ...counts }) => ({ ...counts, oldestS }));
  }

  /** Is the log of the adapter still there from its first operation on? Rows are deleted oldest first. */
  async isWhole(adapterId: string): Promise<boolean> {
    return this.rows.existsBy({ adapterId, kind: 'create_adapter' });
  }

  /** Operations that changed the adapter, after this position up to that one, in log order. */
  findMutations(adapterId: string, { after, upTo }: PositionRange, limit: number): Promise<OperationRow[]> {
    return this.rows.query(
      `SELECT ${COLUMNS} FROM futures
       WHERE adapter_id = $1 AND position > $2 AND position <= $3 AND ${TOOK_EFFECT} AND kind = ANY ($4)
       ORDER BY position LIMIT $5`,
      [adapterId, after, upTo, MUTATING_KINDS, limit],
    );
  }

  /** Everything that has changed the adapter, and that the log still has, in log order; without what may be large. */
  async findChanges(adapterId: string): Promise<ChangeRow[]> {
    const rows: (Omit<ChangeRow, 'position'> & { position: string })[] = await this.rows.query(
      `SELECT request_id, position, kind, step, CASE WHEN kind = 'rewind_adapter' THEN request END AS request,
              CASE WHEN kind = 'optim_step' AND step IS NULL THEN substring(result FROM 1 FOR ${RESULT_HEAD_BYTES}) END AS result
       FROM futures WHERE adapter_id = $1 AND ${TOOK_EFFECT} AND kind = ANY ($2) ORDER BY position`,
      [adapterId, MUTATING_KINDS],
    );
    return rows.map((row) => ({ ...row, position: Number(row.position) }));
  }

  /** Does anything that changes the adapter wait or run? */
  async isChanging(adapterId: string): Promise<boolean> {
    const status = In([...UNSETTLED_STATUSES]);
    return this.rows.existsBy({ adapterId, status, kind: In(MUTATING_KINDS) });
  }

  /** What has changed the adapter, newest first, before a position; with the beginning of the results. */
  findHistory(adapterId: string, before: number, limit: number): Promise<HistoryRow[]> {
    return this.rows.query(
      `SELECT request_id, position, kind, step, digest, created_at, started_at, finished_at,
              substring(result FROM 1 FOR $5) AS result, error
       FROM futures WHERE adapter_id = $1 AND position < $2 AND ${TOOK_EFFECT} AND kind = ANY ($3)
       ORDER BY position DESC LIMIT $4`,
      [adapterId, before, MUTATING_KINDS, limit, RESULT_HEAD_BYTES],
    );
  }

  /** What operations of the adapter have answered, in log order; of each result its beginning. */
  findResultHeads(adapterId: string, positions: readonly number[]): Promise<ResultHeadRow[]> {
    return this.rows.query(
      `SELECT position, kind, finished_at, substring(result FROM 1 FOR $3) AS result
       FROM futures WHERE adapter_id = $1 AND position = ANY ($2) ORDER BY position`,
      [adapterId, positions, RESULT_HEAD_BYTES],
    );
  }

  /**
   * Deletes futures that were settled before `before`, at most `limit`, and returns how many. Operations that changed
   * a live adapter stay until the oldest of its snapshots, of which there must be two in case one is damaged, contains
   * them: any state since then can be rebuilt from snapshots and log. The oldest first, so that a log whose first
   * operation is there is whole. Requests of a fine-tuning job that it has not recorded stay, whatever they are: its next
   * driver sends them again, and must find them.
   */
  async deleteSettled(before: Date, limit: number): Promise<number> {
    const [, count]: [unknown[], number] = await this.rows.query(
      `DELETE FROM futures WHERE request_id IN (
         SELECT future.request_id FROM futures future LEFT JOIN adapters adapter ON adapter.id = future.adapter_id
         WHERE future.finished_at < $1
           AND NOT EXISTS (SELECT FROM fine_tuning_jobs job
                           WHERE job.model_id = adapter.model_id AND job.finished_at IS NULL AND ${IS_AHEAD_OF_JOB})
           AND (future.status = 'failed' AND future.digest IS NULL OR future.kind = ANY ($2) OR adapter.id IS NULL
                OR adapter.deleted_at IS NOT NULL OR future.position <=
                  (SELECT min(position) FROM adapter_snapshots snapshot
                   WHERE adapter_id = adapter.id AND ${SNAPSHOT_IS_USABLE} HAVING count(*) > 1))
         ORDER BY future.position LIMIT $3)`,
      [before, READ_ONLY_KINDS, limit],
    );
    return count;
  }
}
