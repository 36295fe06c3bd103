import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFile, tryLock } from './file-lock.js';

const PYTHON = join('.venv', 'bin', 'python');
const needsPython = existsSync(PYTHON) ? '' : ' (skipped: needs .venv with huggingface_hub)';

/** Holds the lock with huggingface_hub's own class until its input ends. */
const HOLDER = `
import sys
from huggingface_hub.utils import WeakFileLock
with WeakFileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
`;
/** Says whether the lock is free. */
const ASKER = `
import sys
from filelock import Timeout
from huggingface_hub.utils import WeakFileLock
try:
    with WeakFileLock(sys.argv[1], timeout=0.2):
        print("free")
except Timeout:
    print("held")
`;

let folder: string;
let path: string;
let started: ChildProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
  path = join(folder, '.locks', 'models--a--b', 'etag.lock');
  started = [];
});
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

async function python(script: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(PYTHON, ['-c', script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  started.push(child);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

describe('lockFile', () => {
  it('is exclusive here, keeps others out until it is released, and leaves its file', async () => {
    const lock = await lockFile(path);
    expect(lock.exclusive).toBe(process.platform !== 'win32');
    expect(await tryLock(path)).toBeNull();
    const next = lockFile(path);
    await lock.release();
    await (await next).release();
    expect(await readdir(join(folder, '.locks', 'models--a--b'))).toEqual(['etag.lock']);
  });

  it.skipIf(needsPython !== '')(`waits for huggingface_hub, even where that is killed${needsPython}`, async () => {
    await (await lockFile(path)).release();
    const { child, said } = await python(HOLDER);
    expect(said).toBe('held');
    expect(await tryLock(path)).toBeNull();
    const next = lockFile(path);
    child.kill('SIGKILL');
    await (await next).release();
  });

  it.skipIf(needsPython !== '')(`keeps huggingface_hub waiting${needsPython}`, async () => {
    const lock = await lockFile(path);
    expect((await python(ASKER)).said).toBe('held');
    await lock.release();
    expect((await python(ASKER)).said).toBe('free');
  });
});
