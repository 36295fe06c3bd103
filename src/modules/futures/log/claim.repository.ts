import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { type SerializedError } from '../../../common/errors/app-error.js';
import { OPERATION_KINDS } from '../../../domain/operation.js';
import { type Usage } from '../../../domain/usage.js';
import { type OperationEffect } from '../../../operations/operation-outcome.js';
import { isReadOnly } from '../../../operations/operations.js';
import { MUST_REST } from '../../workers/index.js';
import { TELL_WEBHOOKS_OF_FUTURES } from '../../webhooks/index.js';
import { FutureEntity } from '../entities/future.entity.js';
import { type OperationRow } from './operation-log.repository.js';
import { applyEffectToAdapter, countUsage, NOTIFY_WAITERS } from './settling-sql.js';

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
const COLUMNS =
  'request_id, position, owner, priority, kind, adapter_id, model_id, base_model, attempts, status, step, digest';
const READ_ONLY_KINDS = OPERATION_KINDS.filter(isReadOnly);

/**
 * The worker's side of the futures table. Every change of state is a guarded update: a row is claimed only while it is
 * pending, and it is settled only by the claim that runs it, both only under the adapter's present lease. So of two
 * workers at most one writes. An adapter's row is locked before its futures, as everywhere.
 */
@Injectable()
export class ClaimRepository {
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
       RETURNING ${COLUMNS}, traceparent, started_at IS NOT NULL AS begun,
                 extract(epoch FROM now() - created_at)::float8 AS waited_s,
                 extract(epoch FROM deadline - now())::float8 * 1000 AS left_ms, octet_length(request) AS request_bytes,
                 CASE WHEN octet_length(request) <= ${SMALL_BYTES} THEN request END AS request`,
      parameters,
    );
    return rows[0] ?? null;
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
}
