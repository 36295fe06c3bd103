import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { processCommand } from './owned-process.mjs';
import { findRedis, startRedis, type RunningRedis } from './redis.mjs';

const cleanups: (() => unknown)[] = [];

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'redis test '));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(dataDir: string, again?: RunningRedis): Promise<RunningRedis> {
  const server = await startRedis({ dataDir, again });
  if (server === null) throw new Error('redis-server was on the PATH a moment ago');
  cleanups.push(() => server.stop());
  return server;
}

/** Sends commands in order and gives the whole answer once `answers` lines have come. */
function ask(url: string, commands: string[], answers: number): Promise<string[]> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      text += chunk.toString();
      const lines = text.split('\r\n').slice(0, -1);
      if (lines.length < answers) return;
      socket.destroy();
      resolve(lines);
    });
    socket.write(commands.map((command) => `${command}\r\n`).join(''));
  });
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('findRedis', () => {
  it('finds nothing on an empty or foreign PATH', () => {
    expect(findRedis('')).toBeUndefined();
    expect(findRedis(temporaryFolder())).toBeUndefined();
  });
});

describe.skipIf(findRedis() === undefined)('startRedis (needs redis-server or valkey-server on the PATH)', () => {
  it('keeps data over a stop and a start, in a path with spaces', async () => {
    const dataDir = path.join(temporaryFolder(), 'data of ours');
    const first = await start(dataDir);
    await ask(first.url, [`AUTH ${new URL(first.url).password}`, 'SET kept 42'], 2);
    await first.stop();
    expect(processCommand(first.pid)).toBeUndefined();

    const second = await start(dataDir);
    const lines = await ask(second.url, [`AUTH ${new URL(second.url).password}`, 'GET kept'], 3);
    expect(lines).toEqual(['+OK', '$2', '42']);
  });

  it('keeps data over a crash and comes back under the same address', async () => {
    const dataDir = temporaryFolder();
    const first = await start(dataDir);
    const login = `AUTH ${new URL(first.url).password}`;
    await ask(first.url, [login, 'SET kept 42'], 2);
    await first.crash();
    expect(processCommand(first.pid)).toBeUndefined();

    const second = await start(dataDir, first);
    expect(second.url).toBe(first.url);
    expect(await ask(first.url, [login, 'GET kept'], 3)).toEqual(['+OK', '$2', '42']);
  });

  it('wants the password, which stands in a file that only the owner reads', async () => {
    const dataDir = temporaryFolder();
    const server = await start(dataDir);
    expect((await ask(server.url, ['PING'], 1))[0]).toMatch(/^-NOAUTH/);
    expect(statSync(path.join(dataDir, 'redis.conf')).mode & 0o777).toBe(0o600);
    expect(processCommand(server.pid)).not.toContain(new URL(server.url).password);
  });

  it('refuses a second start on the same folder', async () => {
    const dataDir = temporaryFolder();
    const server = await start(dataDir);
    await expect(startRedis({ dataDir, waitForPredecessorMs: 0 })).rejects.toThrow(`(pid ${server.pid})`);
  });
});
