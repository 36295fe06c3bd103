import { type EntityManager } from 'typeorm';
import { type Belongings } from './ownership.js';

/** As many as GET /admin/usage shows by itself: usage is kept by the hour for years, and a sum over all of it takes long. */
export const USAGE_DAYS = 7;

/** What an owner keeps, and has used in the last USAGE_DAYS days. */
export interface OwnerTotals extends Belongings {
  readonly owner: string;
  /** By checkpoints, states of live adapters and files. */
  readonly storedBytes: number;
  readonly promptTokens: number;
  readonly trainedTokens: number;
  readonly sampledTokens: number;
  /** From the start of each operation to its end. */
  readonly runningMs: number;
}

const BELONGINGS = ['adapters', 'checkpoints', 'sessions', 'losses', 'files', 'aliases', 'captures'] as const;
const USED = ['promptTokens', 'trainedTokens', 'sampledTokens', 'runningMs'] as const;
/** An owner who keeps none of it is left out, whatever it has used. */
const KEPT = [...BELONGINGS, 'storedBytes'];

const sumOf = (what: string): string => `coalesce(sum(amount) FILTER (WHERE what = '${what}'), 0)::float8 AS "${what}"`;

/** The totals of everybody who owns something, sorted by owner: each table is read once, by one statement. */
export function totalsByOwner(manager: EntityManager): Promise<OwnerTotals[]> {
  return manager.query(
    `SELECT owner, ${[...KEPT, ...USED].map(sumOf).join(', ')}
     FROM (SELECT owner, 'adapters' AS what, count(*)::float8 AS amount FROM adapters WHERE deleted_at IS NULL GROUP BY owner
           UNION ALL SELECT owner, what, amount
             FROM (SELECT owner, count(*) FILTER (WHERE name NOT LIKE '.%')::float8, sum(size_bytes)::float8
                   FROM checkpoints GROUP BY owner) AS kept (owner, count, bytes),
                  LATERAL (VALUES ('checkpoints', count), ('storedBytes', bytes)) AS part (what, amount)
           UNION ALL SELECT adapters.owner, 'storedBytes', sum(size_bytes)::float8
             FROM adapter_snapshots JOIN adapters ON adapters.id = adapter_id WHERE deleted_at IS NULL GROUP BY adapters.owner
           UNION ALL SELECT owner, 'sessions', count(*)::float8 FROM sessions GROUP BY owner
           UNION ALL SELECT owner, 'losses', count(DISTINCT name)::float8 FROM loss_functions WHERE deleted_at IS NULL GROUP BY owner
           UNION ALL SELECT owner, what, amount
             FROM (SELECT owner, count(*)::float8, sum(bytes)::float8 FROM files GROUP BY owner) AS kept (owner, count, bytes),
                  LATERAL (VALUES ('files', count), ('storedBytes', bytes)) AS part (what, amount)
           UNION ALL SELECT owner, 'aliases', count(DISTINCT name)::float8 FROM alias_versions GROUP BY owner
           UNION ALL SELECT owner, 'captures', count(*)::float8 FROM captures GROUP BY owner
           UNION ALL SELECT owner, what, amount
             FROM (SELECT owner, sum(prompt_tokens)::float8, sum(trained_tokens)::float8, sum(sampled_tokens)::float8,
                          sum(running_ms)::float8
                   FROM usage_hours WHERE hour >= now() - make_interval(days => ${USAGE_DAYS}) GROUP BY owner)
                  AS used (owner, prompt, trained, sampled, running),
                  LATERAL (VALUES ('promptTokens', prompt), ('trainedTokens', trained), ('sampledTokens', sampled),
                                  ('runningMs', running)) AS part (what, amount)) AS totals
     GROUP BY owner HAVING bool_or(what = ANY ($1)) ORDER BY owner`,
    [KEPT],
  );
}
