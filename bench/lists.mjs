/**
 * DATABASE_URL=postgres://... node bench/lists.mjs [requests]: fills an empty database with 10,000 adapters and a million
 * operations (scripts/seed-database.mjs), starts an API process on it, reads /metrics and walks every list page by page, and
 * prints p50 and p95 in milliseconds. It asserts nothing. A database that is filled already is used as it is.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { runCommand } from '../scripts/lib/python-tests.mjs';
import { StopStack } from '../scripts/lib/stop-stack.mjs';
import { temporaryFolder } from '../scripts/lib/temporary-folder.mjs';
import { percentile } from './lib/measure.mjs';
import { projectRoot, tinyModel } from './lib/paths.mjs';
import { startServer } from './lib/service.mjs';

const requests = Number(process.argv[2] ?? 50);
const databaseUrl = process.env.DATABASE_URL;
const ADMIN_KEY = 'tml-bench-admin';
const OWNER_KEY = 'tml-bench-owner';
const PAUSE_MS = 20;

/** Where the next page begins, by the answer. */
const NEXT = {
  cursor: (body) => (body.next_cursor === null ? undefined : body.next_cursor),
  after: (body) => (body.has_more ? body.data.at(-1).id : undefined),
  offset: (body) =>
    body.cursor.offset + body.cursor.limit < body.cursor.total_count
      ? body.cursor.offset + body.cursor.limit
      : undefined,
};

/** Lists, and the parameter that pages them. */
const LISTS = [
  ['/metrics', null, ADMIN_KEY],
  ['/adapters', 'cursor'],
  ['/adapters/model-1/history', 'cursor'],
  ['/futures', 'cursor'],
  ['/futures?status=failed', 'cursor'],
  ['/futures?status=pending', 'cursor'],
  ['/futures?kind=generate', 'cursor'],
  ['/futures?model_id=model-1', 'cursor'],
  ['/aliases', null],
  ['/webhooks', null],
  ['/loss_functions', 'cursor'],
  ['/v1/files', 'after'],
  ['/v1/fine_tuning/jobs', 'after'],
  ['/api/v1/training_runs', 'offset'],
  ['/api/v1/sessions', null],
  ['/api/v1/checkpoints', null],
  ['/admin/owners', null, ADMIN_KEY],
  ['/admin/keys', 'cursor', ADMIN_KEY],
  ['/admin/adapters', 'cursor', ADMIN_KEY],
  ['/admin/operations', 'cursor', ADMIN_KEY],
  ['/admin/operations?status=failed', 'cursor', ADMIN_KEY],
  ['/admin/operations?kind=generate', 'cursor', ADMIN_KEY],
  ['/admin/workers', null, ADMIN_KEY],
];

const client = new pg.Client({ connectionString: databaseUrl });
await client.connect();
const stack = new StopStack();
const folder = temporaryFolder('thinker-lists-');
stack.push('the folder', () => rmSync(folder, { recursive: true, force: true }));
const settings = {
  ROLE: 'api',
  ENGINE: '',
  ENGINE_THREADS: '',
  DATABASE_URL: databaseUrl,
  REDIS_URL: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379',
  DATA_DIR: folder,
  BASE_MODELS: tinyModel,
  API_KEYS: OWNER_KEY,
  ADMIN_KEYS: ADMIN_KEY,
  LOG_LEVEL: 'error',
};
try {
  const { url } = await startServer(folder, stack, settings);
  await fill(url);
  const rows = [];
  for (const [list, paging, key = OWNER_KEY] of LISTS) {
    rows.push({ list, ...(await measure(new URL(list, url), paging, key)) });
  }
  console.table(rows);
} finally {
  await stack.stopAll(console.error);
  await client.end();
}

/** The owner with the most adapters gets the key of this benchmark. */
async function fill(url) {
  const { rows } = await client.query('SELECT count(*)::int AS count FROM adapters');
  if (rows[0].count === 0) {
    const seed = [path.join(projectRoot, 'scripts', 'seed-database.mjs')];
    // It takes minutes: while this process waited in spawnSync, it would not notice that its connections are closed.
    const status = await runCommand(process.execPath, seed);
    if (status !== 0) throw new Error('The database could not be filled.');
  }
  const me = await (await fetch(`${url}/futures?limit=1`, { headers: { 'X-API-Key': OWNER_KEY } })).json();
  if (me.futures.length > 0) return;
  const { rows: keys } = await client.query(`SELECT encode(sha256($1::bytea), 'hex') AS hash`, [
    Buffer.from(OWNER_KEY),
  ]);
  const owner = `key_${keys[0].hash.slice(0, 16)}`;
  const { rows: largest } = await client.query(
    'SELECT owner FROM adapters GROUP BY owner ORDER BY count(*) DESC LIMIT 1',
  );
  for (const table of ['adapters', 'futures', 'usage_hours']) {
    await client.query(`UPDATE ${table} SET owner = $1 WHERE owner = $2`, [owner, largest[0].owner]);
  }
  await client.query('VACUUM ANALYZE adapters, futures, usage_hours');
}

async function measure(list, paging, key) {
  const times = [];
  let next;
  for (let i = 0; i < requests; i++) {
    const address = new URL(list);
    if (next !== undefined) address.searchParams.set(paging, next);
    const started = performance.now();
    const answer = await fetch(address, { headers: { 'X-API-Key': key } });
    const text = await answer.text();
    times.push(performance.now() - started);
    if (!answer.ok) throw new Error(`${list}: ${answer.status} ${text}`);
    next = paging === null ? undefined : NEXT[paging](JSON.parse(text));
    await sleep(PAUSE_MS);
  }
  const at = (share) => Number(percentile(times, share).toFixed(1));
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}
