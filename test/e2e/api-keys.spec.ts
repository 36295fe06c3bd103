import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runningPostgres, startPostgres } from '../../scripts/lib/embedded-postgres.mjs';
import { waitFor } from '../support/wait-for.js';
import { createTestDatabase } from '../support/servers/test-database.js';
import { TestServer } from './support/server.js';

/** Keys that an operator makes while the service runs. */
const run = promisify(execFile);
const CLI = path.join(import.meta.dirname, '..', '..', 'dist', 'src', 'keys-cli.js');

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start({ env: { LOG_LEVEL: 'verbose' } });
});

afterAll(() => server.stop());

async function keys(...words: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], DATABASE_URL: server.database.url };
  return (await run(process.execPath, [CLI, ...words], { env })).stdout;
}

it('print nothing but the key, also where the tables are made first', async () => {
  const database = await createTestDatabase();
  const env = { PATH: process.env['PATH'], DATABASE_URL: database.url };
  const { stdout } = await run(process.execPath, [CLI, 'create', 'first'], { env });
  expect(stdout).toMatch(/^key_\w+ first\ntml-\S+\nThe key is shown only this once\.\n$/);
  await expect(run(process.execPath, [CLI, 'create', 'a', 'b'], { env })).rejects.toThrow('Usage: npm run keys');
  await database.drop();
});

async function ask(key?: string) {
  const answer = await fetch(`${server.api.url}/adapters`, { headers: key === undefined ? {} : { 'X-API-Key': key } });
  return { status: answer.status, body: (await answer.json()) as { error?: { message: string } } };
}

it('are made, asked for, listed and revoked, and the last one that goes leaves the service closed', async () => {
  expect((await ask()).status).toBe(200);
  const [first = '', key = ''] = (await keys('create', 'for tests')).split('\n');
  const id = first.split(' ')[0]!;
  expect(key).toMatch(/^tml-[\w-]{40,}$/);
  await waitFor('that a key is asked for', async () => (await ask()).status === 401);
  expect((await ask()).body.error).toMatchObject({
    code: 'unauthorized',
    category: 'user',
    message:
      'The request has no API key. Send a key of this server in the header X-API-Key, or as Authorization: Bearer <key>.',
  });
  expect((await ask('tml-other')).body.error?.message).toMatch(
    /^The API key is unknown, has been revoked or has expired\./,
  );
  expect((await ask(key)).status).toBe(200);
  expect(await keys('list')).toMatch(new RegExp(`^${id} .* active  for tests$`, 'm'));

  expect(await keys('revoke', id)).toContain(`${id} is revoked`);
  await waitFor('that the key counts no more', async () => (await ask(key)).status === 401);
  expect((await ask()).status).toBe(401);
  expect(await keys('list')).toMatch(new RegExp(`^${id} .* revoked for tests$`, 'm'));
  await expect(keys('revoke', id)).rejects.toThrow(/no active key/);
});

it('are nowhere in clear: not in the database, not in the log', async () => {
  const key = (await keys('create', 'another')).split('\n')[1]!;
  expect((await ask(key)).status).toBe(200);
  const rows = await server.database.query<{ row: string }>(`SELECT api_keys::text AS row FROM api_keys`);
  expect(rows.length).toBeGreaterThan(1);
  expect(rows.map(({ row }) => row).join()).not.toContain(key.slice(4));
  expect(server.log).toContain('GET /adapters 200');
  // Its output is not a terminal, and gets no colours.
  expect(server.log).not.toContain('\u001b[');
  expect(server.log).not.toContain(key.slice(4));
});

it('are explained by the command that makes them', async () => {
  await expect(keys()).rejects.toThrow(/Usage: npm run keys/);
  await expect(keys('create')).rejects.toThrow(/Usage: npm run keys/);
});

describe('resources created without keys', () => {
  it('is handed to a key with one command, and named at the start until then', async () => {
    const own = await TestServer.start();
    const on = (words: string[]) => {
      const env = { PATH: process.env['PATH'], DATABASE_URL: own.database.url };
      return run(process.execPath, [CLI, ...words], { env });
    };
    await own.api.post('/adapters', { model_id: 'before' });
    const made = await on(['create', 'ours']);
    expect(made.stderr).toContain('No key can see the resources created without keys (1 adapter)');
    expect(made.stderr).toContain('npm run keys -- adopt');
    await own.end('SIGTERM');
    await own.launch();
    expect(own.log).toContain('No key can see the resources created without keys (1 adapter)');
    const [, key = ''] = made.stdout.split('\n');
    const names = async () => {
      const answer = await fetch(`${own.api.url}/adapters`, { headers: { 'X-API-Key': key } });
      const { adapters } = (await answer.json()) as { adapters: { model_id: string }[] };
      return adapters.map(({ model_id }) => model_id);
    };
    expect(await names()).toEqual([]);
    expect((await on(['adopt', 'ours'])).stdout).toMatch(/^Transferred to ours \(key_\w+\): 1 adapter\.\n$/);
    expect(await names()).toEqual(['before']);
    expect((await on(['adopt', 'ours'])).stdout).toBe('Nothing was created without keys.\n');
    await expect(on(['adopt', 'nobody'])).rejects.toThrow("Active key 'nobody' does not exist");
    await own.stop();
  });
});

describe('npm run keys without DATABASE_URL', () => {
  const SCRIPT = path.join(import.meta.dirname, '..', '..', 'scripts', 'keys.mjs');

  it('works on the database of the quickstart, whether it runs or not, and leaves it as it was', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'thinker-keys-'));
    chmodSync(folder, 0o755);
    const dataDir = path.join(folder, 'postgres');
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], DATA_DIR: folder };
    const command = (...words: string[]) => run(process.execPath, [SCRIPT, ...words], { env });
    const { stdout } = await command('create', 'first');
    expect(stdout).toMatch(/^key_\w+ first\ntml-\S+\nThe key is shown only this once\.\n$/);
    expect(await runningPostgres({ dataDir })).toBeUndefined();
    const postgres = await startPostgres({ dataDir, durable: false });
    try {
      expect((await command('list')).stdout).toMatch(/^key_\w+ \S+ active {2}first\n$/);
      expect(await runningPostgres({ dataDir })).toBe(postgres.url);
    } finally {
      await postgres.stop();
      rmSync(postgres.dataDir, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a service beyond the loopback address', () => {
  const HOST = '0.0.0.0';

  it('does not start without keys', async () => {
    await expect(TestServer.start({ env: { HOST } })).rejects.toThrow(/API_KEYS[^]*ALLOW_NO_KEYS=true/);
  });

  it('starts with keys, or when the operator wants everybody in', async () => {
    for (const [name, value, status] of [
      ['API_KEYS', 'tml-one', 401],
      ['ADMIN_KEYS', 'tml-one', 401],
      ['ALLOW_NO_KEYS', 'true', 200],
    ] as const) {
      const open = await TestServer.start({ env: { HOST, [name]: value } });
      const answer = await fetch(`${open.api.url}/adapters`);
      await open.stop();
      expect(answer.status, name).toBe(status);
    }
  });
});
