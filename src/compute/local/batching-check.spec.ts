import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ONNXRUNTIME } from '../../../test/support/engines/executors.js';
import { randomModel } from '../../../test/support/models/random-model.js';
import { type Executor } from '../executor.js';
import { type CompiledProgram } from '../graph/program.js';
import { LOGITS } from '../models/generation-graph.js';
import { gradientName, LOGPROBS } from '../models/training-graph.js';
import { batchingIsExact } from './batching-check.js';
import { LocalEngine } from './local-engine.js';
import { type LocalModel } from './local-model.js';

let folder: string;
let executor: Executor;
let model: LocalModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinker-batching-check-'));
  executor = await ONNXRUNTIME.create();
  const shape = { num_hidden_layers: 2, num_attention_heads: 3, num_key_value_heads: 1, head_dim: 64, vocab_size: 200 };
  model = await randomModel(
    'checked',
    { model_type: 'llama', hidden_size: 192, intermediate_size: 320, ...shape },
    folder,
  );
});
afterAll(async () => {
  await executor.dispose();
  await rm(folder, { recursive: true });
});

/** The executor, but that programs for several adapters change the last bit of one number of a result. */
function inexact(result: string): Executor {
  const compile = async (...args: Parameters<Executor['compile']>): Promise<CompiledProgram> => {
    const compiled = await executor.compile(...args);
    if (!args[1].inputs.has('lora.gather') || !args[1].outputs.has(result)) return compiled;
    const run = async (...given: Parameters<CompiledProgram['run']>) => {
      const results = await compiled.run(...given);
      const { data } = results.get(result)!;
      new Uint32Array(data.buffer, data.byteOffset)[0]! ^= 1;
      return results;
    };
    return { program: compiled.program, run, release: () => compiled.release() };
  };
  return Object.assign(Object.create(executor) as Executor, { compile });
}

it('finds that company changes nothing', async () => {
  expect(await batchingIsExact(model, executor)).toBe(true);
});

it.each([LOGPROBS, LOGITS, gradientName('model.layers.0.mlp.down_proj.lora_B.weight')])(
  'finds a bit that company changes in %s',
  async (result) => {
    expect(await batchingIsExact(model, inexact(result))).toBe(false);
  },
);

it.each([
  ['exact', 'off'],
  ['rounding', 'rounding'],
  ['off', 'off'],
] as const)('an engine whose company changes bits makes of %s: %s', async (wanted, given) => {
  const options = { memoryBudgetBytes: 2 ** 30, batching: wanted, loadModels: () => Promise.resolve([model]) };
  const engine = new LocalEngine({ ...options, executor: inexact(LOGPROBS) });
  await engine.start();
  expect(engine.capabilities.batching).toBe(given);
});
