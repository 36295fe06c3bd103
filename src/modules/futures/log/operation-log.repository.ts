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
import { type Usage } from '../../../domain/usage.js';
import { type OperationEffect } from '../../../operations/operation-outcome.js';
import { isReadOnly } from '../../../operations/operations.js';
import { MUST_REST } from '../../workers/index.js';
import { TELL_WEBHOOKS_OF_FUTURES } from '../../webhooks/index.js';
import { FutureEntity } from '../entities/future.entity.js';
import { countUsage, applyEffectToAdapter, SNAPSHOT_IS_USABLE, NOTIFY_WAITERS, TOOK_EFFECT } from './settling-sql.js';

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

/** A row that has been claimed. A large payload is not in it, so that it need not be in memory before its turn. */
export interface ClaimedRow extends Omit<OperationRow, 'request'> {
  /** False: workers have died while it ran, so it must run alone, and has to wait for that. */
  readonly begun: boolean;
  /** From its acceptance to this claim. */
  readonly waited_s: number;
  /** Until its deadline, negative when that has passed; null without one. */
  readonly left_ms: number | null;
  /** The trace of the request that submitted it. */
  readonly traceparent: string | null;
  readonly request: Buffer | null;
  readonly request_bytes: number;
}

/** One claim of a request under a lease of its adapter (0 without one), as the right to settle it. */
export type Claim = Pick<OperationRow, 'request_id' | 'adapter_id' | 'attempts'> & {
  readonly workerId: string;
  readonly lease: number;
};

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

/** What a completed operation leaves behind. */
export interface Completion {
  /** OperationData as bytes. */
  readonly result: Uint8Array;
  readonly effect: OperationEffect;
  readonly usage: Usage;
}

/** A request during which this number of workers has died runs alone, so that at the next death it is the only suspect. */
const DEATHS_TO_ISOLATE = 2;

/** Payloads up to this size come with the claim, whatever else is in memory: some dozen sequences of a thousand tokens. */
const SMALL_BYTES = 2 ** 16;
const CLAIM_COLUMNS =
  'request_id, position, owner, priority, kind, adapter_id, model_id, base_model, attempts, status, step, digest';
const COLUMNS = `${CLAIM_COLUMNS}, request`;
const RESULT_HEAD_BYTES = 16_384;
const READ_ONLY_KINDS = OPERATION_KINDS.filter(isReadOnly);
const MUTATING_KINDS = OPERATION_KINDS.filter((kind) => !isReadOnly(kind));
/** Of a request that a fine-tuning job numbered: the unit at `position` has the two numbers after 2 * position. */
const IS_AHEAD_OF_JOB = `future.seq_id > 2 * (job.progress->>'position')::bigint`;

/**
 * The worker's side of the futures table. Every change of state is a guarded update: a row is claimed only while it is
 * pending, and it is settled only by the claim that runs it, both only under the adapter's present lease. So of two
 * workers at most one writes. An adapter's row is locked before its futures, as everywhere.
 */
@Injectable()
export class OperationLogRepository {
  constructor(@InjectRepository(FutureEntity) private readonly rows: Repository<FutureEntity>) {}

  /**
   * Starts the first waiting operation of an adapter's queue; null when there is none, when the lease is outdated,
   * (`readOnlyOnly`) when it would change the adapter, or when one that it must not overtake runs: also one that this
   * worker has claimed without hearing of it, because the connection broke before the answer.
   */
  async claimNext(
    adapterId: string,
    workerId: string,
    lease: number,
    readOnlyOnly: boolean,
  ): Promise<ClaimedRow | null> {
    return this.claim(
      `WITH line AS (SELECT id FROM adapters WHERE id = $2 AND worker_id = $1 AND lease = $5 FOR SHARE),
            head AS (SELECT request_id, kind FROM futures WHERE adapter_id = (SELECT id FROM line) AND status = 'pending'
                     ORDER BY position LIMIT 1)
       SELECT request_id FROM head
       WHERE (NOT $3::boolean OR kind = ANY ($4))
         AND NOT EXISTS (SELECT FROM futures other WHERE other.adapter_id = $2 AND other.status = 'running'
                           AND NOT (head.kind = ANY ($4) AND other.kind = ANY ($4)))`,
      [workerId, adapterId, readOnlyOnly, READ_ONLY_KINDS, lease],
    );
  }

  /** Starts one waiting operation; null when it is not waiting. */
  async claimOne(requestId: string, workerId: string): Promise<ClaimedRow | null> {
    return this.claim(`SELECT $2::text`, [workerId, requestId]);
  }

  private async claim(selection: string, parameters: unknown[]): Promise<ClaimedRow | null> {
    const [rows]: [ClaimedRow[], number] = await this.rows.query(
      `UPDATE futures SET status = 'running', worker_id = $1, attempts = attempts + 1,
         started_at = CASE WHEN deaths < ${DEATHS_TO_ISOLATE} THEN now() END
       WHERE status = 'pending' AND NOT ${MUST_REST} AND request_id = (${selection})
       RETURNING ${CLAIM_COLUMNS}, traceparent, started_at IS NOT NULL AS begun,
                 extract(epoch FROM now() - created_at)::float8 AS waited_s,
                 extract(epoch FROM deadline - now())::float8 * 1000 AS left_ms, octet_length(request) AS request_bytes,
                 CASE WHEN octet_length(request) <= ${SMALL_BYTES} THEN request END AS request`,
      parameters,
    );
    return rows[0] ?? null;
  }

  /** Everything that is not settled, by kind and status. */
  async countOpen(): Promise<OpenOperations[]> {
    const rows: (Omit<OpenOperations, 'oldestS'> & { oldest_s: number })[] = await this.rows.query(
      `SELECT kind, status, count(*)::int AS count, extract(epoch FROM now() - min(created_at))::float8 AS oldest_s
       FROM futures WHERE status IN ${UNSETTLED} GROUP BY kind, status`,
    );
    return rows.map(({ oldest_s: oldestS, ...counts }) => ({ ...counts, oldestS }));
  }

  /** The turn of a claim that had to wait for it has come. False when the row is no longer this claim's. */
  async begin({ request_id: requestId, workerId, attempts, lease }: Claim): Promise<boolean> {
    const [, count]: [unknown[], number] = await this.rows.query(
      `UPDATE futures SET started_at = now()
       WHERE request_id = $1 AND worker_id = $2 AND attempts = $3 AND status = 'running'
         AND (adapter_id IS NULL OR EXISTS (SELECT FROM adapters WHERE id = adapter_id AND lease = $4))`,
      [requestId, workerId, attempts, lease],
    );
    return count > 0;
  }

  /** The payload of a request that is there. */
  async readRequest(requestId: string): Promise<Buffer> {
    const { request } = await this.rows.findOneOrFail({ where: { requestId }, select: { request: true } });
    return request;
  }

  /**
   * Stores the result, what the operation did to its adapter and what was used, and tells the waiters, in one
   * transaction. False when the row is no longer this claim's.
   */
  async complete(claim: Claim, { result, effect, usage }: Completion): Promise<boolean> {
    const bytes = Buffer.from(result.buffer, result.byteOffset, result.byteLength);
    const used = [usage.promptTokens, usage.trainedTokens, usage.sampledTokens];
    const change = `status = 'completed', result = $6, step = $7, digest = $8`;
    const parameters = [bytes, effect.step ?? null, effect.digest ?? null, ...used];
    return this.settle(claim, change, parameters, countUsage(9) + applyEffectToAdapter(effect));
  }

  /**
   * Stores the error, what the operation did to its adapter all the same, and tells the waiters, in one transaction.
   * False when the row is no longer this claim's.
   */
  async fail(claim: Claim, error: SerializedError, effect: OperationEffect = {}): Promise<boolean> {
    const parameters = [JSON.stringify(error), effect.digest ?? null];
    return this.settle(claim, `status = 'failed', error = $6, digest = $7`, parameters, applyEffectToAdapter(effect));
  }

  private async settle(
    { request_id: requestId, workerId, attempts, adapter_id: adapterId, lease }: Claim,
    change: string,
    parameters: unknown[],
    also: string,
  ): Promise<boolean> {
    const mine = `futures.request_id = $1 AND futures.worker_id = $2 AND futures.attempts = $3 AND futures.status = 'running'`;
    const done: unknown[] = await this.rows.query(
      `WITH line AS (SELECT id FROM adapters WHERE id = $4 AND lease = $5 FOR NO KEY UPDATE),
       done AS (
         UPDATE futures SET ${change}, finished_at = now()
         WHERE ${mine} AND ($4::text IS NULL OR EXISTS (SELECT FROM line))
         RETURNING request_id, sampler_id, owner, session_id, model_id, base_model, kind, status, error, started_at,
                   finished_at), ${TELL_WEBHOOKS_OF_FUTURES}${also}
       ${NOTIFY_WAITERS}`,
      [requestId, workerId, attempts, adapterId, lease, ...parameters],
    );
    return done.length > 0;
  }

  /**
   * Puts claims of this worker back that it does not know of: they were made, but the answer was lost. Young ones may
   * be on their way; one that waits for its turn cannot begin any more once it has been put back.
   */
  async returnUnknownClaims(workerId: string, known: readonly string[]): Promise<number> {
    const [, count]: [unknown[], number] = await this.rows.query(
      `UPDATE futures SET status = 'pending', worker_id = NULL, started_at = NULL
       WHERE status = 'running' AND worker_id = $1 AND coalesce(started_at < now() - interval '2 seconds', true)
         AND request_id <> ALL ($2)`,
      [workerId, known],
    );
    return count;
  }

  /** Puts one operation back into its queue, as if it had not been claimed. */
  async handBack({ request_id: requestId, workerId, attempts }: Claim): Promise<void> {
    await this.rows.query(
      `UPDATE futures SET status = 'pending', worker_id = NULL, started_at = NULL
       WHERE request_id = $1 AND worker_id = $2 AND attempts = $3 AND status = 'running'`,
      [requestId, workerId, attempts],
    );
  }

  /** Puts what this worker runs back into its queue: it is about to end and cannot finish it. */
  async releaseOwn(workerId: string): Promise<number> {
    const [, count]: [unknown[], number] = await this.rows.query(
      `UPDATE futures SET status = 'pending', worker_id = NULL, started_at = NULL
       WHERE status = 'running' AND worker_id = $1`,
      [workerId],
    );
    return count;
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
