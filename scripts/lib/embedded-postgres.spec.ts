import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { startPostgres, type RunningPostgres } from './embedded-postgres.mjs';
import { pollFor, processCommand } from './owned-process.mjs';

const isRoot = process.getuid?.() === 0;
const cleanups: (() => unknown)[] = [];

function temporaryFolder(prefix = 'postgres test '): string {
  const folder = mkdtempSync(path.join(tmpdir(), prefix));
  chmodSync(folder, 0o755);
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(dataDir: string, options = {}): Promise<RunningPostgres> {
  const server = await startPostgres({ dataDir, durable: false, ...options });
  cleanups.push(() => rmSync(server.dataDir, { recursive: true, force: true }));
  cleanups.push(() => server.stop());
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('startPostgres', () => {
  it('keeps rows over a stop and a start, in a path with spaces', async () => {
    const dataDir = path.join(temporaryFolder(), 'data of ours');
    const first = await start(dataDir);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    expect(processCommand(first.pid)).toBeUndefined();

    const second = await start(dataDir);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('keeps rows over a crash and comes back under the same address', async () => {
    const dataDir = path.join(temporaryFolder(), 'pg');
    const first = await start(dataDir, { durable: true });
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.crash();
    expect(processCommand(first.pid)).toBeUndefined();

    const second = await start(dataDir, { durable: true, again: first });
    expect(second.url).toBe(first.url);
    expect(await query(first.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('asks for the password and keeps it in a file that only the owner reads', async () => {
    const server = await start(path.join(temporaryFolder(), 'pg'));
    const wrong = server.url.replace(/:[0-9a-f]+@/, ':wrong@');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    expect(statSync(path.join(server.dataDir, 'password')).mode & 0o777).toBe(0o600);
  });

  it('refuses a second start on the same folder and names the process that runs there', async () => {
    const dataDir = path.join(temporaryFolder(), 'pg');
    const server = await start(dataDir);
    await expect(startPostgres({ dataDir, waitForPredecessorMs: 0 })).rejects.toThrow(`(pid ${server.pid})`);
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts over the lock file of a crashed run whose number another program has now', async () => {
    const dataDir = path.join(temporaryFolder(), 'pg');
    const first = await start(dataDir);
    await first.stop();
    writeFileSync(path.join(first.dataDir, 'data', 'postmaster.pid'), `${process.pid}\n${first.dataDir}\n`);

    const second = await start(dataDir);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('ends with the process that started it, even when that is killed', async () => {
    const dataDir = path.join(temporaryFolder(), 'pg');
    const module = pathToFileURL(path.join(import.meta.dirname, 'embedded-postgres.mjs')).href;
    const program = `
      import { startPostgres } from ${JSON.stringify(module)};
      const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false });
      console.log(server.pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(processCommand(pid)).toContain('postgres');

    parent.kill('SIGKILL');
    const gone = await pollFor(() => processCommand(pid) === undefined, { timeoutMs: 15_000 });
    expect(gone).toBe(true);
  });

  it.skipIf(!isRoot)(
    '(needs root) keeps its data elsewhere when the folder is under one that others cannot enter',
    async () => {
      const closed = temporaryFolder();
      chmodSync(closed, 0o700);
      const lines: string[] = [];
      const server = await start(path.join(closed, 'pg'), { log: (line: string) => lines.push(line) });
      expect(server.dataDir.startsWith(closed)).toBe(false);
      expect(lines.join('\n')).toContain(server.dataDir);
      expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await server.stop();

      const again = await start(path.join(closed, 'pg'));
      expect(again.dataDir).toBe(server.dataDir);
    },
  );
});
