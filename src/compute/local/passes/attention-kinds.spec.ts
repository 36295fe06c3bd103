import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedRun } from '../../../../test/support/engines/packed-run.js';
import { integers } from '../../../../test/support/models/ragged-builders.js';
import { randomNumbers } from '../../../../test/support/models/numbers-builders.js';
import { fixturePath } from '../../../../test/support/models/reference-fixtures.js';
import { openCheckpoint } from '../../../base-models/checkpoint-files.js';
import { parseHfConfig } from '../../../base-models/model-config/hf-config.js';
import { type LoraSpec, TARGET_MODULES } from '../../../domain/adapter/lora-spec.js';
import { type HostTensor } from '../../graph/program.js';
import { loraShapes } from '../../models/adapter-modules.js';
import { type AttentionKind, LOGPROBS } from '../../models/training-graph.js';
import { OnnxRuntimeExecutor } from '../../onnxruntime/onnxruntime-executor.js';
import { loraFeeds } from '../live-adapter.js';
import { ModelRuntime, type ProgramKind } from '../model-runtime.js';
import { prepareWeightFile } from '../weight-file.js';
import { type Packable } from './part-layout.js';
import { coefficientFeed, slopeFeeds } from './run-feeds.js';

/** What onnxruntime computes must not depend on how attention is computed and what is kept for the backward. */
const MODEL = 'llama';
const lora: LoraSpec = { rank: 4, alpha: 8, dropout: 0, targetModules: TARGET_MODULES, rsLora: false, seed: 1 };

let folder: string;
let executor: OnnxRuntimeExecutor;
let runtime: ModelRuntime;
let adapter: readonly [string, HostTensor][];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinker-attention-'));
  const model = fixturePath(`models/${MODEL}`);
  const config = parseHfConfig(JSON.parse(await readFile(join(model, 'config.json'), 'utf8')), MODEL);
  const weights = await prepareWeightFile(await openCheckpoint(model, config, MODEL), { cacheFolder: folder });
  executor = new OnnxRuntimeExecutor({ device: 'cpu', threads: 2 });
  runtime = new ModelRuntime(MODEL, config, weights, executor);
  const tensors = [...loraShapes(config, lora)].map(([name, shape]) => {
    const data = Float32Array.from(randomNumbers(name, shape).data, (value) => 0.1 * value);
    return [name, { shape, data }] as const;
  });
  adapter = loraFeeds(lora, new Map(tensors));
});
afterAll(async () => {
  await executor.dispose();
  await rm(folder, { recursive: true });
});

/** Sequences of random tokens of which all are scored. */
function itemOf(...lengths: number[]): Packable {
  const { vocabSize } = runtime.config;
  const token = (seed: number, i: number) => (seed * 31 + i * i * 7 + i) % vocabSize;
  const rows = (shift: number) => lengths.map((length, s) => Array.from({ length }, (_, i) => token(s, i + shift)));
  const count = lengths.reduce((sum, length) => sum + length, 0);
  return { tokens: integers(...rows(0)), targets: integers(...rows(1)), scored: new Uint8Array(count).fill(1) };
}

async function run(
  item: Packable,
  variant: { attention?: AttentionKind; recompute?: boolean },
  kinds: readonly ProgramKind[] = ['fused'],
) {
  const datums = Array.from({ length: item.tokens.offsets.length - 1 }, (_, i) => i);
  const packed = packedRun(item, datums, runtime.tables, variant.attention);
  const zeros = () => new Float32Array(packed.scored.count);
  const slopes = {
    terms: { policy: 'weights', low: 0, high: 0, beta: 0 } as const,
    weights: zeros().map((_, i) => 1 + (i % 3)),
    samplerLogprobs: zeros(),
    advantages: zeros(),
  };
  let feeds = new Map([...packed.feeds, ...adapter, ...slopeFeeds(packed, [slopes])]);
  feeds = new Map([...feeds, coefficientFeed(packed, [slopes.weights.map((weight) => -weight)])]);
  const results = new Map<string, Float32Array>();
  for (const kind of kinds) {
    const use = { targets: TARGET_MODULES, attention: packed.attention, recompute: variant.recompute ?? false };
    const outputs = await runtime.use(kind, use, (program) => program.run(feeds));
    for (const [name, { data }] of outputs) if (!name.startsWith('saved:')) results.set(name, data);
    feeds = new Map([...feeds, ...outputs]);
  }
  return results;
}

describe('sequences that fit one block', () => {
  it.each([[[5]], [[46]], [[64]], [[64, 2, 46]]])(
    'of lengths %j give the same bits whole and in blocks',
    async (lengths) => {
      const item = itemOf(...lengths);
      expect(await run(item, { attention: 'blocks' })).toEqual(await run(item, { attention: 'whole' }));
    },
  );
});

describe('sequences of several blocks', () => {
  const lengths = [150, 65, 200, 30];

  it('give the same log-probs to the bit, and the same gradients but for the order of sums', async () => {
    const item = itemOf(...lengths);
    const blocks = await run(item, {});
    const whole = await run(item, { attention: 'whole' });
    expect(blocks.get(LOGPROBS)).toEqual(whole.get(LOGPROBS));
    for (const [name, data] of whole) {
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      // Sums of 445 float32 numbers in another order.
      data.forEach((value, i) => expect(Math.abs(blocks.get(name)![i]! - value), name).toBeLessThan(1e-5 * largest));
    }
  });

  it('give the same bits when the backward computes again what the forward has computed', async () => {
    const item = itemOf(...lengths);
    const kept = await run(item, {});
    expect(await run(item, { recompute: true })).toEqual(kept);
    expect(await run(item, { recompute: true }, ['splitForward', 'splitBackward'])).toEqual(kept);
  });

  it('give the same log-probs without a backward', async () => {
    const item = itemOf(...lengths);
    expect((await run(item, {}, ['forward'])).get(LOGPROBS)).toEqual((await run(item, {})).get(LOGPROBS));
  });
});
