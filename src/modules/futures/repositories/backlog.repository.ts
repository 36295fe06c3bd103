import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { UNSETTLED } from '../../../database/unsettled.js';
import { type OperationKind } from '../../../domain/operation.js';
import { FutureEntity } from '../entities/future.entity.js';

/** Operations of one kind that are not settled. */
export interface OpenCounts {
  readonly kind: OperationKind;
  readonly pending: number;
  readonly running: number;
  /** Of the oldest that waits; null when none does. */
  readonly waitedS: number | null;
}

/** An operation that is not settled. */
export interface OpenOperation {
  readonly requestId: string;
  readonly modelId: string;
  readonly kind: OperationKind;
  readonly status: 'pending' | 'running';
  readonly workerId: string | null;
  /** Since its acceptance, or since it runs. */
  readonly seconds: number;
  /** Operations of the same adapter that are before it, and what the first of them is. */
  readonly ahead: number;
  readonly aheadKind: OperationKind | null;
}

/** What the log still has to do. `owner`: undefined for that of everybody. */
@Injectable()
export class BacklogRepository {
  constructor(@InjectRepository(FutureEntity) private readonly rows: Repository<FutureEntity>) {}

  async countOpen(owner: string | undefined): Promise<OpenCounts[]> {
    return this.rows.query(
      `SELECT kind, count(*) FILTER (WHERE status = 'pending')::int AS pending,
              count(*) FILTER (WHERE status = 'running')::int AS running,
              extract(epoch FROM now() - min(created_at) FILTER (WHERE status = 'pending'))::float8 AS "waitedS"
       FROM futures WHERE status IN ${UNSETTLED} AND ($1::text IS NULL OR owner = $1)
       GROUP BY kind ORDER BY kind`,
      [owner ?? null],
    );
  }

  /** Oldest first. Materialized: the planner would look for open rows along the log, from its beginning on. */
  async findOpen(status: OpenOperation['status'], owner: string | undefined, limit: number): Promise<OpenOperation[]> {
    return this.rows.query(
      `WITH open AS MATERIALIZED (
         SELECT request_id, position FROM futures
         WHERE status IN ${UNSETTLED} AND status = $1 AND ($2::text IS NULL OR owner = $2)),
       oldest AS (SELECT request_id FROM open ORDER BY position LIMIT $3),
       shown AS (SELECT futures.* FROM oldest JOIN futures USING (request_id))
       SELECT shown.request_id AS "requestId", shown.model_id AS "modelId", shown.kind, shown.status,
              shown.worker_id AS "workerId",
              extract(epoch FROM now() - coalesce(shown.started_at, shown.created_at))::float8 AS seconds,
              coalesce(line.ahead, 0) AS ahead, line.kind AS "aheadKind"
       FROM shown LEFT JOIN LATERAL (
         SELECT count(*)::int AS ahead, (array_agg(other.kind ORDER BY other.position))[1] AS kind FROM futures other
         WHERE other.adapter_id = shown.adapter_id AND other.position < shown.position
           AND other.status IN ${UNSETTLED}) line ON true
       ORDER BY shown.position`,
      [status, owner ?? null, limit],
    );
  }

  /** How many of the owner's were settled within the last seconds, and how many of them failed. */
  async countSettled(owner: string | undefined, seconds: number): Promise<{ settled: number; failed: number }> {
    const [counts]: { settled: number; failed: number }[] = await this.rows.query(
      `SELECT count(*)::int AS settled, count(*) FILTER (WHERE status = 'failed')::int AS failed FROM futures
       WHERE finished_at > now() - make_interval(secs => $2) AND ($1::text IS NULL OR owner = $1)`,
      [owner ?? null, seconds],
    );
    return counts ?? { settled: 0, failed: 0 };
  }

  /** Whose operations were settled within the last seconds. */
  async activeOwners(seconds: number): Promise<string[]> {
    const rows: { owner: string }[] = await this.rows.query(
      `SELECT DISTINCT owner FROM futures WHERE finished_at > now() - make_interval(secs => $1)`,
      [seconds],
    );
    return rows.map(({ owner }) => owner);
  }
}
