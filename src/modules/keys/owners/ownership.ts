import { type EntityManager } from 'typeorm';
import { NO_OWNER } from '../../../common/caller.js';
import { ConflictError, NotFoundError } from '../../../common/errors/request.errors.js';
import { invalid } from '../../../common/json/json-fields.js';
import { shortened } from '../../../common/shortened.js';

/*
 * Who owns the rows of the whole schema, for operators who hand them over: with the command `npm run keys`, beside a
 * running service or without one. Every table with a column `owner` is named here (test/medium/ownership.spec.ts).
 */

/** Tables of which each row belongs to a key, and may simply change hands. */
const OWNED_TABLES = [
  'adapters',
  'futures',
  'checkpoints',
  'checkpoint_events',
  'public_paths',
  'sessions',
  'sampling_sessions',
  'loss_functions',
  'files',
  'fine_tuning_jobs',
  'alias_versions',
  'webhooks',
  'captures',
  'capture_settings',
] as const;

/** Names that an owner gives once only. */
const NAMES: readonly { readonly kind: string; readonly sql: string }[] = [
  {
    kind: 'adapter',
    sql: `SELECT model_id AS name FROM adapters WHERE owner = $1 AND deleted_at IS NULL
          INTERSECT SELECT model_id FROM adapters WHERE owner = $2 AND deleted_at IS NULL ORDER BY 1`,
  },
  {
    kind: 'adapter or alias',
    sql: `SELECT name FROM alias_versions WHERE owner = $1
          INTERSECT (SELECT name FROM alias_versions WHERE owner = $2
                     UNION SELECT model_id FROM adapters WHERE owner = $2 AND deleted_at IS NULL)
          UNION (SELECT model_id FROM adapters WHERE owner = $1 AND deleted_at IS NULL
                 INTERSECT SELECT name FROM alias_versions WHERE owner = $2) ORDER BY 1`,
  },
  {
    kind: 'loss',
    sql: `SELECT name FROM loss_functions WHERE owner = $1
          INTERSECT SELECT name FROM loss_functions WHERE owner = $2 ORDER BY 1`,
  },
];

/** Both owners may have used the same thing in the same hour. */
const MERGE_USAGE = `
  INSERT INTO usage_hours AS kept (owner, hour, session_id, model_id, base_model, kind, requests, prompt_tokens,
                                   trained_tokens, sampled_tokens, running_ms)
  SELECT $2, hour, session_id, model_id, base_model, kind, requests, prompt_tokens, trained_tokens, sampled_tokens,
         running_ms
  FROM usage_hours WHERE owner = $1
  ON CONFLICT (owner, hour, session_id, model_id, base_model, kind) DO UPDATE SET
    requests = kept.requests + excluded.requests,
    prompt_tokens = kept.prompt_tokens + excluded.prompt_tokens,
    trained_tokens = kept.trained_tokens + excluded.trained_tokens,
    sampled_tokens = kept.sampled_tokens + excluded.sampled_tokens,
    running_ms = kept.running_ms + excluded.running_ms`;

/** The settings of the new owner stay where both have some. */
const KEEP_SETTINGS = `
  DELETE FROM capture_settings WHERE owner = $1 AND EXISTS (SELECT FROM capture_settings WHERE owner = $2)`;

/** How many things an owner has, as far as a person would count them. */
export interface Belongings {
  readonly adapters: number;
  readonly checkpoints: number;
  readonly sessions: number;
  readonly losses: number;
  readonly files: number;
  readonly aliases: number;
  readonly captures: number;
}

export async function belongingsOf(owner: string, manager: EntityManager): Promise<Belongings> {
  const rows: Belongings[] = await manager.query(
    `SELECT (SELECT count(*)::int FROM adapters WHERE owner = $1 AND deleted_at IS NULL) AS adapters,
            (SELECT count(*)::int FROM checkpoints WHERE owner = $1 AND name NOT LIKE '.%') AS checkpoints,
            (SELECT count(*)::int FROM sessions WHERE owner = $1) AS sessions,
            (SELECT count(DISTINCT name)::int FROM loss_functions WHERE owner = $1 AND deleted_at IS NULL) AS losses,
            (SELECT count(*)::int FROM files WHERE owner = $1) AS files,
            (SELECT count(DISTINCT name)::int FROM alias_versions WHERE owner = $1) AS aliases,
            (SELECT count(*)::int FROM captures WHERE owner = $1) AS captures`,
    [owner],
  );
  return rows[0] ?? { adapters: 0, checkpoints: 0, sessions: 0, losses: 0, files: 0, aliases: 0, captures: 0 };
}

/** "2 adapters, 1 loss"; null for nothing at all. */
export function describeBelongings(belongings: Belongings): string | null {
  const plurals = {
    adapters: 'adapter',
    checkpoints: 'checkpoint',
    sessions: 'session',
    losses: 'loss',
    files: 'file',
    aliases: 'alias',
    captures: 'capture',
  } as const;
  const parts = Object.entries(plurals).flatMap(([many, one]) => {
    const count = belongings[many as keyof Belongings];
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
  });
  return parts.length === 0 ? null : parts.join(', ');
}

/** What is said where keys are asked for and things were made before; null where nothing was. */
export async function hintOfKeyless(manager: EntityManager): Promise<string | null> {
  const what = describeBelongings(await belongingsOf(NO_OWNER, manager));
  if (what === null) return null;
  return `No key can see the resources created without keys (${what}). Assign them to a key with: npm run keys -- adopt <key>`;
}

/**
 * Makes everything that belongs to one owner another one's, requests that wait or run included, or nothing.
 * @returns what changed hands
 * @throws ConflictError when both have a thing of the same name
 */
export async function handOverAll(from: string, to: string, manager: EntityManager): Promise<Belongings> {
  return manager.transaction(async (transaction) => {
    for (const { kind, sql } of NAMES) {
      const taken: { name: string }[] = await transaction.query(sql, [from, to]);
      if (taken.length > 0) throw nameTaken(kind, taken);
    }
    const belongings = await belongingsOf(from, transaction);
    await transaction.query(MERGE_USAGE, [from, to]);
    await transaction.query(`DELETE FROM usage_hours WHERE owner = $1`, [from]);
    await transaction.query(KEEP_SETTINGS, [from, to]);
    for (const table of OWNED_TABLES) {
      await transaction.query(`UPDATE ${table} SET owner = $2 WHERE owner = $1`, [from, to]);
    }
    return belongings;
  });
}

/** An adapter that has another owner now. */
export interface HandedOverAdapter {
  readonly modelId: string;
  readonly from: string;
  readonly checkpoints: number;
}

/**
 * Makes one adapter, its checkpoints, and its requests, those that wait or run included, another owner's. Usage stays with
 * the owner whose it was, and so do sessions.
 * @throws NotFoundError, ConflictError where the new owner has the name already or a job trains the adapter
 */
export async function handOverAdapter(id: string, to: string, manager: EntityManager): Promise<HandedOverAdapter> {
  return manager.transaction(async (transaction) => {
    const [adapter]: { owner: string; model_id: string }[] = await transaction.query(
      `SELECT owner, model_id FROM adapters WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`,
      [id],
    );
    if (!adapter) throw new NotFoundError('Adapter', id, { remedy: 'GET /admin/adapters lists the ids.' });
    const { owner: from, model_id: modelId } = adapter;
    if (from === to) throw invalid('to', 'owns the adapter already.', 'Name another key.');
    const taken: unknown[] = await transaction.query(
      `SELECT FROM adapters WHERE owner = $1 AND model_id = $2 AND deleted_at IS NULL
       UNION ALL SELECT FROM alias_versions WHERE owner = $1 AND name = $2 LIMIT 1`,
      [to, modelId],
    );
    if (taken.length > 0) throw nameTaken('adapter or alias', [{ name: modelId }]);
    const jobs: { id: string }[] = await transaction.query(
      `SELECT id FROM fine_tuning_jobs
       WHERE owner = $1 AND model_id = $2 AND status NOT IN ('succeeded', 'failed', 'cancelled') LIMIT 1`,
      [from, modelId],
    );
    if (jobs[0]) throw trainedByJob(modelId, jobs[0].id);
    await transaction.query(`UPDATE adapters SET owner = $2, session_id = NULL WHERE id = $1`, [id, to]);
    await transaction.query(`UPDATE futures SET owner = $2 WHERE adapter_id = $1`, [id, to]);
    await transaction.query(
      `UPDATE public_paths SET owner = $2 FROM checkpoints
       WHERE checkpoints.adapter_id = $1 AND public_paths.owner = checkpoints.owner
         AND (public_paths.model_id, public_paths.kind, public_paths.name)
           = (checkpoints.model_id, checkpoints.kind, checkpoints.name)`,
      [id, to],
    );
    const [, checkpoints]: [unknown, number] = await transaction.query(
      `UPDATE checkpoints SET owner = $2 WHERE adapter_id = $1`,
      [id, to],
    );
    return { modelId, from, checkpoints };
  });
}

function trainedByJob(modelId: string, job: string): ConflictError {
  const remedy = 'Cancel the job, or wait until it has ended.';
  return new ConflictError(`Job '${job}' trains '${shortened(modelId)}'. ${remedy}`, { remedy });
}

function nameTaken(kind: string, taken: readonly { readonly name: string }[]): ConflictError {
  const names = taken.slice(0, 5).map(({ name }) => `'${shortened(name)}'`);
  const more = taken.length > names.length ? `, and ${taken.length - names.length} more` : '';
  const remedy = `Delete one of the two, or choose another key; nothing was handed over.`;
  const message = `Both have ${kind === 'loss' ? 'a' : 'an'} ${kind} named ${names.join(', ')}${more}. ${remedy}`;
  return new ConflictError(message, { remedy });
}
