import { type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { type OperationKind, type OperationStatus } from '../../../domain/operation.js';
import { type FutureEntity } from '../entities/future.entity.js';

/** Of a list: what is left out is not asked for. */
export interface FutureFilter {
  readonly owner?: string | undefined;
  readonly status?: OperationStatus | undefined;
  readonly kind?: OperationKind | undefined;
  readonly modelId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Accepted at this time or later. */
  readonly from?: Date | undefined;
  /** Accepted before this time. */
  readonly to?: Date | undefined;
}

/** Upper bound for how far apart in position rows can be that are accepted at the same time. */
const DISORDER = 10_000;

/** Adds the conditions of the filter to a query of rows `future`. */
export async function applyFilter(query: SelectQueryBuilder<FutureEntity>, filter: FutureFilter): Promise<void> {
  const { owner, status, kind, modelId, sessionId } = filter;
  if (owner !== undefined) query.andWhere('future.owner = :owner', { owner });
  if (status !== undefined) query.andWhere('future.status = :status', { status });
  if (kind !== undefined) query.andWhere('future.kind = :kind', { kind });
  if (sessionId !== undefined) query.andWhere('future.session_id = :sessionId', { sessionId });
  if (modelId !== undefined) await limitToModel(query, modelId);
  await limitToTimes(query, filter);
}

/** Rows of adapters are found by the ids of these, and others by the name, since both are indexed. */
async function limitToModel(query: SelectQueryBuilder<FutureEntity>, modelId: string): Promise<void> {
  const adapters: { id: string }[] = await query.connection.manager.query(
    `SELECT id FROM adapters WHERE model_id = $1`,
    [modelId],
  );
  if (adapters.length === 0) query.andWhere('future.adapter_id IS NULL AND future.model_id = :modelId', { modelId });
  else query.andWhere('future.adapter_id IN (:...ids)', { ids: adapters.map(({ id }) => id) });
}

/**
 * Times are not indexed, but rows are accepted nearly in the order of their positions. So the exact condition on the
 * time comes with one on the position, which keeps the rows to look at few.
 */
async function limitToTimes(query: SelectQueryBuilder<FutureEntity>, { from, to }: FutureFilter): Promise<void> {
  const { manager } = query.connection;
  if (from !== undefined) {
    const least = (await positionAt(from, manager)) - DISORDER;
    query.andWhere('future.created_at >= :from AND future.position >= :least', { from, least });
  }
  if (to !== undefined) {
    const most = (await positionAt(to, manager)) + DISORDER;
    query.andWhere('future.created_at < :to AND future.position <= :most', { to, most });
  }
}

/** About the position of the first row that was accepted at this time or later, by bisection. */
async function positionAt(time: Date, manager: EntityManager): Promise<number> {
  const [bounds]: [{ low: string | null; high: string | null }] = await manager.query(
    `SELECT min(position) AS low, max(position) AS high FROM futures`,
  );
  let [low, high] = [Number(bounds.low), Number(bounds.high) + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [row]: { position: string; is_before: boolean }[] = await manager.query(
      `SELECT position, created_at < $2 AS is_before FROM futures WHERE position >= $1 ORDER BY position LIMIT 1`,
      [middle, time],
    );
    if (row?.is_before === true) low = Number(row.position) + 1;
    else high = middle;
  }
  return low;
}
