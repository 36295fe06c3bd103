import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubStandIn } from '../support/servers/hub-stand-in.js';

const REPO = 'owner/model-1';
const FILES = ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json'] as const;
const BUILT = path.join(import.meta.dirname, '..', '..', 'dist', 'src', 'base-models', 'hub', 'hub-download.js');
const PYTHON = path.join(import.meta.dirname, '..', '..', '.venv', 'bin', 'python');
const needsPython = existsSync(PYTHON) ? '' : ' (skipped: needs .venv with huggingface_hub)';
const TIMEOUT_MS = 180_000;

const OURS = `
const { fetchModel } = await import(process.env.BUILT);
const { HF_ENDPOINT: endpoint, HF_HOME: home, REPO: repo } = process.env;
console.log(await fetchModel(repo, { endpoint, token: '', home, weights: true }));
`;
const THEIRS = `
import os
from huggingface_hub import hf_hub_download
for name in os.environ["FILES"].split(","):
    print(hf_hub_download(os.environ["REPO"], name))
`;
/** Reads the cache as huggingface_hub's own tools do. */
const SCAN = `
from huggingface_hub import scan_cache_dir
print([[str(warning) for warning in scan_cache_dir().warnings], len(scan_cache_dir().repos)])
`;

const numbers = (length: number, factor: number) => new Uint8Array(length).map((_, i) => (i * factor) >>> 11);

let home: string;
let hub: HubStandIn;
let env: Record<string, string>;
let started: ChildProcess[];
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'thinker-hub-'));
  const bytes = (content: string) => new Uint8Array(Buffer.from(content));
  hub = new HubStandIn(
    REPO,
    new Map([
      ['config.json', bytes('{"a":1}')],
      ['generation_config.json', bytes('{}')],
      ['model.safetensors', numbers(3_000_000, 2_654_435_761)],
      ['tokenizer.json', numbers(900_000, 40_503)],
    ]),
  );
  hub.badLine = { pieceBytes: 100_000, pauseMs: 10, breakAfter: 700_000, refusing: 5 };
  const endpoint = await hub.start();
  const offline = { HF_HUB_DISABLE_TELEMETRY: '1', HF_HUB_DISABLE_XET: '1', HF_HUB_DISABLE_PROGRESS_BARS: '1' };
  env = { HF_ENDPOINT: endpoint, HF_HOME: home, REPO, BUILT, FILES: FILES.join(','), ...offline };
  started = [];
});
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  await hub.stop();
  await rm(home, { recursive: true });
});

/** Its output and errors; rejects when it fails. */
async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  if (child.exitCode !== 0) throw new Error(`ended with ${String(child.exitCode)}: ${errors}`);
  return output.trim();
}
const ours = () => run(process.execPath, ['--input-type=module', '-e', OURS]);
const python = (script: string) => run(PYTHON, ['-c', script]);

const repoFolder = () => path.join(home, 'hub', 'models--owner--model-1');

async function expectWholeCache(): Promise<void> {
  for (const name of FILES) {
    const bytes = await readFile(path.join(repoFolder(), 'snapshots', hub.commit, name));
    expect({ name, whole: bytes.equals(hub.files.get(name)!) }).toEqual({ name, whole: true });
  }
  expect(await readdir(path.join(repoFolder(), 'blobs'))).toHaveLength(FILES.length);
}

describe('processes that fetch one model at the same time, over a slow line that breaks off', () => {
  it('all get it, and each byte comes once', { timeout: TIMEOUT_MS }, async () => {
    const folders = await Promise.all(Array.from({ length: 8 }, ours));
    expect(new Set(folders)).toEqual(new Set([path.join(repoFolder(), 'snapshots', hub.commit)]));
    await expectWholeCache();
    const starts = hub.downloads('model.safetensors').map((range) => /\d+/.exec(range ?? '0')![0]);
    expect(new Set(starts).size).toBe(starts.length);
  });

  it(`get it beside huggingface_hub${needsPython}`, { timeout: TIMEOUT_MS, skip: needsPython !== '' }, async () => {
    await Promise.all([python(THEIRS), ours(), ours(), python(THEIRS), ours()]);
    await expectWholeCache();
    expect(await python(SCAN)).toBe('[[], 1]');
  });

  it('go on after one that was killed', { timeout: TIMEOUT_MS }, async () => {
    const killed = ours().catch(() => 'killed');
    while (hub.downloads('model.safetensors').length === 0) await new Promise((resolve) => setImmediate(resolve));
    started[0]?.kill('SIGKILL');
    expect(await killed).toBe('killed');
    await Promise.all([ours(), ours()]);
    await expectWholeCache();
  });
});
