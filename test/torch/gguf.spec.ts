import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BaseModel } from '../../src/base-models/base-model.js';
import { parseModelConfig } from '../../src/base-models/model-config/hf-model-config.js';
import { HfChatTokenizer } from '../../src/base-models/tokenizers/hf-chat-tokenizer.js';
import { ThreadPool } from '../../src/common/threads/thread-pool.js';
import { type ExportFile } from '../../src/exports/export-file.js';
import { ggufAdapter } from '../../src/exports/gguf/gguf-adapter.js';
import { GGUF_OUTTYPES, ggufModel } from '../../src/exports/gguf/gguf-model.js';
import { readLoraTask } from '../../src/exports/lora-weights.js';
import { TORCH_PYTHON, torchUnavailable } from '../support/engines/torch-environment.js';

const root = join(import.meta.dirname, '..', '..');
/** Where the benchmarks install it: npm install --prefix .cache/llama --ignore-scripts node-llama-cpp@3.22.1 */
const LLAMA = join(root, '.cache', 'llama');
const missing = existsSync(join(LLAMA, 'node_modules', 'node-llama-cpp'))
  ? torchUnavailable(['torch', 'transformers', 'peft'])
  : 'needs node-llama-cpp in .cache/llama, which npm run bench -- llama installs';
const run = promisify(execFile);
const threads = new ThreadPool();

const TEXT = "It's 12 o'clock:\r\n\n  Don't   shout, WE'LL come (at 3.5)! \t 1234567 naïve 你好 🙂 ...  ";
const PROMPT = [1, 20, 21, 22];
/** Folders that merged_models.py makes. */
const MODELS = ['bundled', 'llama3', 'linear', 'mistral', 'qwen2', 'qwen3', 'yarn'] as const;

interface Answer {
  readonly text: number[];
  readonly template: string | null;
  readonly tokens: number[];
}

/** What transformers and PEFT write, and by how many standard deviations each token's logit is ahead of the next. */
interface Written {
  readonly tokens: number[];
  readonly leads: number[];
}

/** The tokens before the first that other rounding, by so much, could make another. */
function certain({ tokens, leads }: Written, rounding: number): number[] {
  const first = leads.findIndex((lead) => lead < rounding);
  return first === -1 ? tokens : tokens.slice(0, first);
}

async function write(folder: string, files: readonly ExportFile[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const file of files) {
    const pieces: Uint8Array[] = [];
    for await (const piece of file.chunks()) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    expect(bytes.length).toBe(file.size);
    await writeFile(join(folder, file.name), bytes);
  }
  return join(folder, files.find(({ name }) => name.endsWith('.gguf'))!.name);
}

/** GGUF files of a model with its adapter: merged in every type, and beside the base model. */
async function exported(folder: string, name: string) {
  const base = join(folder, 'base');
  const json: unknown = JSON.parse(await readFile(join(base, 'config.json'), 'utf8'));
  const config = parseModelConfig(json, base, 'local');
  const model: BaseModel = { name, folder: base, config, tokenizer: await HfChatTokenizer.load(base, name) };
  const files = new Map<string, Uint8Array>();
  for (const file of ['adapter_config.json', 'adapter_model.safetensors']) {
    files.set(file, new Uint8Array(await readFile(join(folder, 'adapter', file))));
  }
  const { value: pairs } = readLoraTask({ files, config });
  const merged = GGUF_OUTTYPES.map(async (outtype) =>
    write(join(folder, outtype), await ggufModel(model, pairs, outtype, threads)),
  );
  const bare = await write(join(folder, 'bare'), await ggufModel(model, new Map(), 'f32', threads));
  const adapter = await write(join(folder, 'gguf-adapter'), ggufAdapter(model, pairs));
  return { model, merged: await Promise.all(merged), bare, adapter };
}

describe.skipIf(missing)(`GGUF files${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let folder: string;
  let theirs: Record<string, Written>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thinker-gguf-'));
    const script = join(root, 'test', 'support', 'merged_models.py');
    const { stdout } = await run(TORCH_PYTHON, [script, 'speak', folder]);
    theirs = JSON.parse(stdout) as Record<string, Written>;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(MODELS)('%s: llama.cpp writes the tokens that transformers and PEFT write', async (name) => {
    const { model, merged, bare, adapter } = await exported(join(folder, name), name);
    const ask = (file: string, lora: string | null = null) => ({
      model: file,
      lora,
      text: TEXT,
      prompt: PROMPT,
      count: 24,
    });
    const requests = [...merged.map((file) => ask(file)), ask(bare, adapter), ask(bare)];
    const driver = join(root, 'test', 'support', 'llama.mjs');
    const { stdout } = await run(process.execPath, [driver, LLAMA, JSON.stringify(requests)]);
    const [f32, f16, q8, beside, without] = JSON.parse(stdout) as [Answer, Answer, Answer, Answer, Answer];
    const expected = theirs[name]!;
    // llama.cpp computes attention in half precision, and multiplies blocks of 8 bits by vectors rounded to 8 bits.
    for (const [answer, rounding] of [
      [f32, 0.003],
      [beside, 0.003],
      [f16, 0.003],
      [q8, 0.05],
    ] as const) {
      const sure = certain(expected, rounding);
      expect(sure.length).toBeGreaterThan(1);
      expect(answer.tokens.slice(0, sure.length)).toEqual(sure);
    }
    expect(without.tokens).not.toEqual(beside.tokens);
    expect(f32.text).toEqual([...(await model.tokenizer.encode(TEXT))]);
    expect(f32.template).toContain('<|im_start|>');
  });
});
