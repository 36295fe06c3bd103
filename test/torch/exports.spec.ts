import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BaseModel } from '../../src/base-models/base-model.js';
import { parseModelConfig } from '../../src/base-models/model-config/hf-model-config.js';
import { ThreadPool } from '../../src/common/threads/thread-pool.js';
import { type ExportFile } from '../../src/exports/export-file.js';
import { readLoraTask } from '../../src/exports/lora-weights.js';
import { mergedFolder } from '../../src/exports/merged-folder.js';
import { TORCH_PYTHON, torchUnavailable } from '../support/engines/torch-environment.js';

const missing = torchUnavailable(['torch', 'transformers', 'peft']);
const fixtures = join(import.meta.dirname, '..', 'fixtures');
const script = join(import.meta.dirname, '..', 'support', 'merged_models.py');
const run = promisify(execFile);

/** Adapters as PEFT saved them, with the models that they are for; further ones are made by the script. */
const SAVED = [
  ['llama-all', 'llama'],
  ['llama-all-head', 'llama'],
  ['llama-patterns', 'llama'],
  ['qwen3-layers', 'qwen3'],
  ['qwen3-all-head', 'qwen3'],
] as const;

interface Comparison {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly dtype: string;
  readonly changed: number;
  readonly relative: number;
  readonly ulps: number;
  readonly off: number;
  readonly logprobs: number;
  readonly theirs: number;
  readonly tied: boolean;
}

async function writeFiles(folder: string, files: readonly ExportFile[]): Promise<void> {
  for (const file of files) {
    const path = join(folder, file.name);
    await mkdir(dirname(path), { recursive: true });
    const target = createWriteStream(path);
    await pipeline(Readable.from(file.chunks()), target);
    expect({ name: file.name, size: target.bytesWritten }).toEqual({ name: file.name, size: file.size });
  }
}

/** Merges <folder>/adapter into <folder>/base. */
async function merge(folder: string): Promise<void> {
  const base = join(folder, 'base');
  const json: unknown = JSON.parse(await readFile(join(base, 'config.json'), 'utf8'));
  const model = { name: basename(folder), folder: base, config: parseModelConfig(json, base, 'torch') } as BaseModel;
  const files = new Map<string, Uint8Array>();
  for (const name of ['adapter_config.json', 'adapter_model.safetensors']) {
    files.set(name, new Uint8Array(await readFile(join(folder, 'adapter', name))));
  }
  const { value: pairs } = readLoraTask({ files, config: model.config });
  await writeFiles(join(folder, 'merged'), await mergedFolder(model, pairs, new ThreadPool()));
}

describe.skipIf(missing)(`merged models${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let root: string;
  let compared: Record<string, Comparison>;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'thinker-merged-'));
    await run(TORCH_PYTHON, [script, 'make', root]);
    for (const [adapter, model] of SAVED) {
      await cp(join(fixtures, 'models', model), join(root, adapter, 'base'), { recursive: true });
      await cp(join(fixtures, 'peft', adapter), join(root, adapter, 'adapter'), { recursive: true });
    }
    for (const name of await readdir(root)) await merge(join(root, name));
    const { stdout } = await run(TORCH_PYTHON, [script, 'compare', root]);
    compared = JSON.parse(stdout) as Record<string, Comparison>;
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it.each([
    { name: 'llama-all', changed: 14, dtype: 'float32', tied: true },
    { name: 'llama-all-head', changed: 15, dtype: 'float32', tied: false },
    { name: 'llama-patterns', changed: 12, dtype: 'float32', tied: false },
    { name: 'qwen3_moe', changed: 8, dtype: 'float32', tied: false },
    { name: 'qwen3-layers', changed: 3, dtype: 'bfloat16', tied: false },
    { name: 'qwen3-all-head', changed: 15, dtype: 'bfloat16', tied: false },
    { name: 'phi3', changed: 8, dtype: 'bfloat16', tied: false },
    { name: 'tied-shards', changed: 15, dtype: 'bfloat16', tied: false },
    { name: 'half', changed: 15, dtype: 'float16', tied: false },
  ])('$name: transformers loads what PEFT merges', ({ name, ...expected }) => {
    const { logprobs, theirs, ulps, off, relative, dtype, ...found } = compared[name]!;
    expect({ ...found, dtype }).toEqual({ missing: [], unexpected: [], ...expected, dtype: `torch.${expected.dtype}` });
    // PyTorch sums over the rank in another order, which the last bits of a float32 show; half of one that is then rounded
    // to 8 or 11 bits may fall to the other side.
    if (dtype === 'torch.float32') expect(relative).toBeLessThan(2 ** -22);
    else expect({ close: ulps <= 1, rare: off < 1e-4 }).toEqual({ close: true, rare: true });
    // The sums of all layers in another order; in half precision, as far from the unmerged model as PEFT's is.
    expect(logprobs).toBeLessThan(dtype === 'torch.float32' ? 2e-5 : 1.1 * theirs);
  });
});
