import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * What a new user does, from a copy of the checkout in a folder with a space in its name: no services, no Redis on the
 * PATH, no hub. node_modules is linked to save the download; building is part of the test.
 */
const root = path.join(import.meta.dirname, '..', '..');
let folder: string;
let clone: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'quickstart-'));
  clone = copyOfCheckout(path.join(folder, 'a clone'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function copyOfCheckout(copy: string): string {
  const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of listing.toString().split('\0')) {
    if (file === '' || !existsSync(path.join(root, file)) || /^(test|bench|docs)\//.test(file)) continue;
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    cpSync(path.join(root, file), path.join(copy, file));
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'), 'dir');
  return copy;
}

/** The PATH without the folders that hold a Redis, but with node. */
function pathWithoutRedis(): string {
  const tools = path.join(folder, 'tools');
  mkdirSync(tools);
  for (const directory of (process.env.PATH ?? '').split(path.delimiter)) {
    if (!existsSync(directory)) continue;
    for (const name of readdirSync(directory)) {
      if (/redis|valkey/.test(name) || existsSync(path.join(tools, name))) continue;
      symlinkSync(path.join(directory, name), path.join(tools, name));
    }
  }
  return tools;
}

interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** Starts the quickstart in the copy; `onOutput` gets all output so far whenever there is more. */
function start(
  args: string[],
  env: Record<string, string> = {},
  onOutput: (output: string, child: ChildProcess) => void = () => {},
): Promise<Run> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(DATABASE_URL|REDIS_URL|PORT|HOST|DATA_DIR|BASE_MODELS|HF_.*|VITEST.*|NODE_ENV|TEST)$/.test(name),
  );
  const child = spawn(process.execPath, ['scripts/quickstart.mjs', ...args], {
    cwd: clone,
    env: { ...Object.fromEntries(inherited), HF_ENDPOINT: 'http://127.0.0.1:2', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      onOutput(output, child);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

describe('quickstart', () => {
  it('builds, starts without any service around, trains, and ends with the example when asked to', async () => {
    const env = { PATH: pathWithoutRedis(), HF_HOME: path.join(folder, 'no models yet') };

    const first = await start(['--once'], env);
    expect(first.output).toContain('The example succeeded.');
    expect(first.code).toBe(0);
    const landmarks = [
      'Building ...',
      'Postgres: private',
      'the queue runs inside the service',
      '/docs',
      'Status: ok',
      'cross_entropy',
      'mean_nll',
      'num_weighted_tokens',
      'Mean advantage',
      'Clip fraction',
      'trainable parameters',
      '> before:',
      '> after:',
    ];
    for (const landmark of landmarks) expect(first.output).toContain(landmark);

    // The example then has to show one of the keys.
    const second = await start(['--once'], { ...env, API_KEYS: 'first-key, second-key' });
    expect(second.output).not.toContain('Building ...');
    expect(second.output).toContain('The example succeeded.');
    expect(second.code).toBe(0);
  }, 300_000);

  it('shows the end of the log and fails when the service cannot start', async () => {
    const run = await start(['--once'], { ENGINE: 'steam' });
    expect(run.code).toBe(1);
    expect(run.output).toContain('The service exited');
    expect(run.output).toContain("ENGINE='steam'");
  }, 180_000);

  it('refuses a taken PORT that was asked for', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const run = await start(['--once'], { PORT: String(port) });
      expect(run.code).toBe(1);
      expect(run.output).toContain(`Port ${port} on 127.0.0.1 is in use`);
    } finally {
      server.close();
    }
  }, 120_000);

  const hasTools = ['curl', 'ps'].every((tool) => spawnSync(tool, ['--version']).status === 0);
  it.skipIf(!hasTools)(
    '(needs curl and ps) serves the curl example until it is told to stop, then leaves nothing running',
    async () => {
      let example: Promise<{ stdout: string }> | undefined;
      const run = await start(['--serve'], { API_KEYS: 'a-key' }, (output, child) => {
        const address = /Serving on (\S+) until/.exec(output)?.[1];
        if (address === undefined || example !== undefined) return;
        const env = { ...process.env, THINKER_API_KEY: 'a-key' };
        example = promisify(execFile)(path.join(clone, 'examples', 'curl.sh'), [address], { env });
        void example.catch(() => {}).then(() => child.kill('SIGTERM'));
      });
      expect(run.output).not.toContain('Mean advantage');
      const { stdout } = (await example) ?? { stdout: 'the service did not come up' };
      expect(stdout).toContain('mean_nll at step 16');
      expect(stdout).toContain('1.0000 mean ratio at step 1');
      expect(stdout).toContain('I learned this a moment ago');
      expect(run.code).toBe(0);
      const processes = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout;
      expect(processes).not.toContain(clone);
    },
    180_000,
  );
});
