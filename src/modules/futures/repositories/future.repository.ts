import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, type EntityManager, type FindOptionsWhere, In, Repository } from 'typeorm';
import { type SerializedError } from '../../../common/errors/app-error.js';
import { UNSETTLED } from '../../../database/unsettled.js';
import { type OperationKind, type OperationStatus } from '../../../domain/operation.js';
import { decodeOperationData } from '../../../formats/operation-data.codec.js';
import { TELL_WEBHOOKS_OF_FUTURES } from '../../webhooks/index.js';
import { FutureEntity } from '../entities/future.entity.js';
import { NOTIFY_WAITERS } from '../log/settling-sql.js';
import { applyFilter, type FutureFilter } from './future-filter.js';

/** A request before it has a position. */
export interface NewFutureRow {
  readonly requestId: string;
  readonly owner: string;
  readonly idempotencyKey: string | null;
  readonly kind: OperationKind;
  readonly adapterId: string | null;
  readonly modelId: string;
  readonly baseModel: string;
  readonly seqId: number | null;
  readonly samplerId: string | null;
  /** Null: the adapter's. */
  readonly sessionId: string | null;
  readonly request: Uint8Array;
  readonly requestHash: Buffer;
  /** By performance.now(); Infinity without one. */
  readonly deadline: number;
  /** The trace that its client's request belongs to, by W3C; null while tracing is off. */
  readonly traceparent: string | null;
}

/** From one moment to another, both included. */
export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

/** A request with what came of it, in short. */
export interface RequestOutline {
  readonly kind: OperationKind;
  readonly status: OperationStatus;
  /** Code of the error, of those that failed. */
  readonly errorCode: string | null;
  readonly modelId: string;
  readonly createdAt: Date;
  /** tinker://..., of operations that save or load and have completed. */
  readonly path: string | null;
}

/** Some of the requests to a sampling session, by the client's own numbers. */
export interface SeqRange {
  readonly samplerId: string;
  readonly minSeqId: number;
  readonly maxSeqId: number;
}

/** A settled request to a sampling session. */
export interface SettledSample {
  readonly requestId: string;
  readonly failed: boolean;
  /** Its number among those that are settled. */
  readonly number: number;
  /** Size of its stored result; null when it failed. */
  readonly bytes: number | null;
}

/** Where an open operation stands. */
export interface ProgressRow {
  readonly requestId: string;
  readonly status: OperationStatus;
  readonly attempts: number;
  readonly started: boolean;
  /** Open operations of its queue before it; 0 unless it is pending. */
  readonly ahead: number;
}

/** A row without its payload and result, for lists. */
export type FutureSummary = Omit<FutureEntity, 'request' | 'requestHash' | 'result'>;

const SUMMARY_COLUMNS = [
  'requestId',
  'owner',
  'priority',
  'idempotencyKey',
  'position',
  'adapterId',
  'sessionId',
  'samplerId',
  'completion',
  'modelId',
  'baseModel',
  'kind',
  'seqId',
  'status',
  'error',
  'attempts',
  'workerId',
  'createdAt',
  'startedAt',
  'finishedAt',
] as const;

/** What the API needs of the futures table; the worker's side is ClaimRepository. */
@Injectable()
export class FutureRepository {
  constructor(@InjectRepository(FutureEntity) private readonly rows: Repository<FutureEntity>) {}

  get manager(): EntityManager {
    return this.rows.manager;
  }

  /**
   * Inserts a row unless its (adapter, seq_id) or its idempotency key is taken or the adapter is gone; tells whether it did.
   *
   * The adapter's row is locked until the transaction ends, so that positions within an adapter become visible in
   * their order: without the lock a worker could run position 6 while position 5 is not committed yet, and a replay of
   * the log would no longer give the same state. A deleted adapter takes only its delete_adapter.
   */
  async insert(row: NewFutureRow, manager: EntityManager): Promise<boolean> {
    const line =
      row.adapterId === null
        ? `SELECT NULL::text AS id, NULL::text AS session_id WHERE $3::text IS NULL`
        : `SELECT id, session_id FROM adapters
           WHERE id = $3 AND (deleted_at IS NULL OR $2 = 'delete_adapter') FOR NO KEY UPDATE`;
    const inserted: unknown[] = await manager.query(
      `WITH line AS (${line})
       INSERT INTO futures (request_id, kind, adapter_id, model_id, base_model, seq_id, request, request_hash, owner,
                            idempotency_key, sampler_id, session_id, priority, deadline,
                            traceparent)
       SELECT $1, $2, line.id, $4, $5, $6, $7, $8, $9, $10, $11, coalesce($12, line.session_id),
              coalesce((SELECT priority FROM api_keys WHERE id = $9), 0),
              now() + $13::float8 * interval '1 ms', $14 FROM line
       ON CONFLICT DO NOTHING
       RETURNING request_id`,
      [
        row.requestId,
        row.kind,
        row.adapterId,
        row.modelId,
        row.baseModel,
        row.seqId,
        Buffer.from(row.request.buffer, row.request.byteOffset, row.request.byteLength),
        row.requestHash,
        row.owner,
        row.idempotencyKey,
        row.samplerId,
        row.sessionId,
        isFinite(row.deadline) ? row.deadline - performance.now() : null,
        row.traceparent,
      ],
    );
    return inserted.length > 0;
  }

  /** The request that this one repeats: same (adapter, seq_id), same idempotency key, or itself, inserted before. */
  findFirst(row: NewFutureRow, manager: EntityManager): Promise<FutureEntity | null> {
    const { requestId, adapterId, seqId, idempotencyKey } = row;
    const where: FindOptionsWhere<FutureEntity>[] = [{ requestId }];
    if (adapterId !== null && seqId !== null) where.push({ adapterId, seqId });
    if (idempotencyKey !== null) where.push({ idempotencyKey });
    return manager.findOne(FutureEntity, { where, select: { requestId: true, requestHash: true } });
  }

  /** The row with its result but without its payload. */
  findResult(owner: string, requestId: string): Promise<FutureEntity | null> {
    const select = Object.fromEntries([...SUMMARY_COLUMNS, 'result'].map((name) => [name, true]));
    return this.rows.findOne({ where: { owner, requestId }, select });
  }

  /** The row without payload and result; of the owner, where one is given. */
  findSummary(requestId: string, owner?: string): Promise<FutureSummary | null> {
    const select = Object.fromEntries(SUMMARY_COLUMNS.map((name) => [name, true]));
    return this.rows.findOne({ where: { requestId, ...(owner !== undefined && { owner }) }, select });
  }

  /** Rows of any owners without payload and result, those of these ids that are there. */
  findSummaries(requestIds: readonly string[]): Promise<FutureSummary[]> {
    const select = Object.fromEntries(SUMMARY_COLUMNS.map((name) => [name, true]));
    return this.rows.find({ where: { requestId: In([...requestIds]) }, select, order: { position: 'ASC' } });
  }

  /** Which of these ids are not those of open requests: one query however many wait. */
  async findOver(ids: readonly string[]): Promise<string[]> {
    const open: { request_id: string }[] = await this.rows.query(
      `SELECT request_id FROM futures WHERE request_id = ANY ($1) AND status IN ${UNSETTLED}`,
      [ids],
    );
    const stillOpen = new Set(open.map((row) => row.request_id));
    return ids.filter((id) => !stillOpen.has(id));
  }

  /** Where these open operations stand. */
  findProgress(ids: readonly string[]): Promise<ProgressRow[]> {
    return this.rows.query(
      `SELECT request_id AS "requestId", status, attempts, started_at IS NOT NULL AS started,
              CASE WHEN status = 'pending' THEN
                (SELECT count(*)::int FROM futures earlier
                 WHERE earlier.adapter_id IS NOT DISTINCT FROM future.adapter_id AND earlier.position < future.position
                   AND earlier.status IN ${UNSETTLED})
              ELSE 0 END AS ahead
       FROM futures future WHERE request_id = ANY ($1)`,
      [ids],
    );
  }

  /** Pending operations whose deadline has passed. */
  async findOverdue(): Promise<string[]> {
    const rows: { request_id: string }[] = await this.rows.query(
      `SELECT request_id FROM futures WHERE status = 'pending' AND deadline <= now() ORDER BY deadline LIMIT 1000`,
    );
    return rows.map((row) => row.request_id);
  }

  /** Operations that have not started, by owner. */
  async countWaiting(): Promise<[string, number][]> {
    const counted: { owner: string; waiting: number }[] = await this.rows.query(
      `SELECT owner, count(*)::int AS waiting FROM futures WHERE status = 'pending' GROUP BY owner`,
    );
    return counted.map(({ owner, waiting }) => [owner, waiting]);
  }

  /** Operations of the owner that are accepted and not settled. */
  async countOpen(owner: string, manager: EntityManager): Promise<number> {
    const [counted]: [{ open: number }] = await manager.query(
      `SELECT count(*)::int AS open FROM futures WHERE owner = $1 AND status IN ${UNSETTLED}`,
      [owner],
    );
    return counted.open;
  }

  /** Open operations that stand before this one in its line. */
  async countAhead(row: Pick<FutureEntity, 'adapterId' | 'position'>): Promise<number> {
    const counted: { ahead: number }[] = await this.rows.query(
      `SELECT count(*)::int AS ahead FROM futures
       WHERE ${row.adapterId === null ? '$1::text IS NULL AND adapter_id IS NULL' : 'adapter_id = $1'}
         AND position < $2 AND status IN ${UNSETTLED}`,
      [row.adapterId, row.position],
    );
    return counted[0]?.ahead ?? 0;
  }

  /** Newest first, those before `beforePosition` where given. */
  async findPage(filter: FutureFilter, limit: number, beforePosition?: number): Promise<FutureSummary[]> {
    const query = this.rows
      .createQueryBuilder('future')
      .select(SUMMARY_COLUMNS.map((name) => `future.${name}`))
      .orderBy('future.position', 'DESC')
      .limit(limit);
    await applyFilter(query, filter);
    if (beforePosition !== undefined) query.andWhere('future.position < :beforePosition', { beforePosition });
    return query.getMany();
  }

  /** Newest first. Only kinds with small results: they are read for the path in them. */
  async findOfKinds(
    owner: string,
    kinds: readonly OperationKind[],
    limit: number,
    range?: TimeRange,
  ): Promise<RequestOutline[]> {
    const rows = await this.rows.find({
      where: { owner, kind: In([...kinds]), ...(range ? { createdAt: Between(range.from, range.to) } : {}) },
      select: { requestId: true, kind: true, status: true, modelId: true, createdAt: true, result: true, error: true },
      order: { position: 'DESC' },
      take: limit,
    });
    return rows.map(({ kind, status, modelId, createdAt, result, error }) => {
      const path = result === null ? null : decodeOperationData(result).json['path'];
      return {
        kind,
        status,
        errorCode: error?.code ?? null,
        modelId,
        createdAt,
        path: typeof path === 'string' ? path : null,
      };
    });
  }

  /** Fails one that has not started, if it is there, and tells the waiters in the same transaction. */
  async cancel(requestId: string, error: SerializedError): Promise<void> {
    await this.failWaiting('request_id', requestId, error, this.manager);
  }

  /** Fails what has not started, and tells the waiters in the same transaction. Returns how many. */
  failPending(adapterId: string, error: SerializedError, manager: EntityManager): Promise<number> {
    return this.failWaiting('adapter_id', adapterId, error, manager);
  }

  private async failWaiting(
    column: 'request_id' | 'adapter_id',
    id: string,
    error: SerializedError,
    manager: EntityManager,
  ): Promise<number> {
    const failed: unknown[] = await manager.query(
      `WITH done AS (
         UPDATE futures SET status = 'failed', error = $2, finished_at = now()
         WHERE ${column} = $1 AND status = 'pending'
         RETURNING request_id, sampler_id, owner, kind, model_id, status, error), ${TELL_WEBHOOKS_OF_FUTURES}
       ${NOTIFY_WAITERS}`,
      [id, JSON.stringify(error)],
    );
    return failed.length;
  }

  /** Settled requests to a sampling session after the given number, in the order of their numbers. */
  async findSettledSamples(
    { samplerId, minSeqId, maxSeqId }: SeqRange,
    after: number,
    limit: number,
  ): Promise<SettledSample[]> {
    await this.numberSettledSamples(samplerId);
    const rows: { request_id: string; status: OperationStatus; completion: string; bytes: number | null }[] =
      await this.rows.query(
        `SELECT request_id, status, completion, octet_length(result) AS bytes FROM futures
         WHERE sampler_id = $1 AND completion > $2 AND coalesce(seq_id, 0) BETWEEN $3 AND $4
         ORDER BY completion LIMIT $5`,
        [samplerId, after, minSeqId, maxSeqId, limit],
      );
    return rows.map(({ request_id: requestId, status, completion, bytes }) => {
      return { requestId, failed: status === 'failed', number: Number(completion), bytes };
    });
  }

  /**
   * Numbers what was settled since the last time, by whatever statement. The session's row stays locked until the
   * commit, so its numbers become visible in their order, and a reader that remembers the last one it saw misses none.
   */
  private async numberSettledSamples(samplerId: string): Promise<void> {
    await this.rows.query(
      `WITH session AS (SELECT id, completions FROM sampling_sessions WHERE id = $1 FOR UPDATE),
            fresh AS (
              SELECT request_id, row_number() OVER (ORDER BY finished_at, position) AS number FROM futures
              WHERE sampler_id = $1 AND completion IS NULL AND finished_at IS NOT NULL),
            numbered AS (
              UPDATE futures SET completion = session.completions + fresh.number FROM session, fresh
              WHERE futures.request_id = fresh.request_id AND futures.completion IS NULL RETURNING completion)
       UPDATE sampling_sessions SET completions = (SELECT max(completion) FROM numbered)
       WHERE id = $1 AND EXISTS (SELECT FROM numbered)`,
      [samplerId],
    );
  }
}
