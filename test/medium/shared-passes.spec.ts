import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalEngine } from '../../src/compute/local/local-engine.js';
import { type OpenPass, type PassItem, type RunSlopes, type WeightsRef } from '../../src/compute/model-engine.js';
import { freshState } from '../../src/compute/numerics/adapter-tensors.js';
import { initialLoraWeights } from '../../src/compute/numerics/lora-init.js';
import { OnnxRuntimeExecutor } from '../../src/compute/onnxruntime/onnxruntime-executor.js';
import { type AdapterTensors } from '../../src/domain/adapter/adapter-state.js';
import { DEFAULT_LORA, type LoraSpec, TARGET_MODULES, type TargetModule } from '../../src/domain/adapter/lora-spec.js';
import { type FusedTerms } from '../../src/domain/loss.js';
import { type TransformerConfig } from '../../src/domain/model/transformer-config.js';
import { offsetsOf } from '../../src/domain/ragged-tensor.js';
import { SeededRandom } from '../chaos/seeded-random.js';
import { randomModel, type RandomModelShape } from '../support/random-model.js';

/*
 * Random mixes of requests in one pass, each compared bit for bit with itself alone: log-probs and gradients. Shapes are
 * such that sums are cut into blocks, which is where company could show.
 */
const LLAMA: RandomModelShape = {
  model_type: 'llama',
  hidden_size: 576,
  intermediate_size: 1100,
  num_hidden_layers: 2,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  head_dim: 64,
  vocab_size: 700,
};
const MODELS: Readonly<Record<string, RandomModelShape>> = {
  'grouped queries': LLAMA,
  'one key head per query head, with biases': {
    ...LLAMA,
    model_type: 'qwen2',
    vocab_size: 300,
    hidden_size: 192,
    intermediate_size: 320,
    num_attention_heads: 3,
  },
};
const MIXES = 40;
const BASE = 'random';

const ADAPTERS: readonly (readonly [targets: readonly TargetModule[], ranks: readonly number[], dropout: number])[] = [
  [['q_proj', 'v_proj'], [2, 4, 8, 16, 3, 16], 0],
  [['q_proj', 'v_proj'], [17, 32, 24], 0],
  [TARGET_MODULES, [8, 16, 5, 12], 0],
  [TARGET_MODULES, [20, 32], 0],
  [['o_proj', 'down_proj', 'k_proj'], [64, 40, 33], 0.2],
  [['q_proj', 'lm_head'], [100, 128], 0.1],
  [['gate_proj', 'up_proj'], [1, 200], 0],
];
const LORAS: readonly LoraSpec[] = ADAPTERS.flatMap(([targetModules, ranks, dropout], group) =>
  ranks.map((rank, i) => ({ ...DEFAULT_LORA, rank, alpha: 8 + 3 * i, targetModules, dropout, seed: 100 * group + i })),
);

interface Result {
  readonly logprobs: readonly Float32Array[];
  readonly gradients: AdapterTensors;
  /** Code of the error in place of gradients. */
  readonly refusal: string;
}

type Mode = 'forward' | 'fused' | 'split';

class Mixes {
  constructor(
    private readonly engine: LocalEngine,
    private readonly config: TransformerConfig,
    private readonly random: SeededRandom,
  ) {}

  async makeAdapters(): Promise<void> {
    for (const [which, lora] of LORAS.entries()) {
      const weights = [...initialLoraWeights(this.config, lora)].map(([name, { shape, data }], i) => {
        return [name, { shape, data: data.map((value, at) => value + 0.02 * Math.sin(at * (i + 2) + which)) }] as const;
      });
      await this.engine.createAdapter({ id: `${which}`, baseModel: BASE, lora }, freshState(new Map(weights)));
    }
  }

  /** Requests of several adapters, most of the same kind; each adapter at most once. */
  items(mode: Mode): PassItem[] {
    const { random } = this;
    const count = random.whole(2, 9);
    const used = new Set<number>();
    const width = random.chance(0.2) ? random.whole(2, 3) : 1;
    return Array.from({ length: count }, () => {
      const which = random.whole(0, LORAS.length - 1);
      const base = mode === 'forward' && random.chance(0.3);
      if (!base && used.has(which)) return null;
      used.add(which);
      const weights: WeightsRef = base ? { kind: 'base', baseModel: BASE } : { kind: 'adapter', id: `${which}` };
      return this.item(weights, mode !== 'forward', width);
    }).filter((item) => item !== null);
  }

  private item(weights: WeightsRef, train: boolean, width: number): PassItem {
    const { random, config } = this;
    const many = random.chance(0.15);
    const lengths = Array.from({ length: random.whole(1, many ? 12 : 4) }, () =>
      random.chance(0.1) ? random.whole(100, 200) : random.whole(1, 50),
    );
    const count = lengths.reduce((sum, length) => sum + length, 0);
    const offsets = offsetsOf(lengths);
    const tokens = () => random.whole(0, config.vocabSize - 1);
    const share = random.chance(0.5) ? 1 : 0.4;
    return {
      weights,
      train,
      tokens: { data: Int32Array.from({ length: count }, tokens), offsets, trailingShape: [] },
      targets: {
        data: Int32Array.from({ length: count * width }, tokens),
        offsets,
        trailingShape: width === 1 ? [] : [width],
      },
      scored: Uint8Array.from({ length: count }, () => Number(random.chance(share))),
    };
  }
}

const TERMS: readonly FusedTerms[] = [
  { policy: 'weights', low: 0, high: 0, beta: 0 },
  { policy: 'ratio', low: 0.8, high: 1.2, beta: 0 },
  { policy: 'clipped_ratio', low: 0.7, high: 1.4, beta: 0 },
  { policy: 'dro', low: 0, high: 0, beta: 0.3 },
];

/** What a part's scored rows bring to its loss: the same numbers for an item wherever it runs. */
function slopesOf(item: PassItem, datums: readonly number[], poisoned: boolean): RunSlopes {
  const { offsets } = item.tokens;
  const width = item.targets.trailingShape[0] ?? 1;
  const at = datums.flatMap((datum) => {
    const positions = Array.from({ length: offsets[datum + 1]! - offsets[datum]! }, (_, t) => offsets[datum]! + t);
    return positions
      .filter((position) => item.scored[position])
      .flatMap((p) => Array.from({ length: width }, (_, k) => p + k / 7));
  });
  const rows = (of: (x: number) => number) => Float32Array.from(at, of);
  return {
    terms: TERMS[item.tokens.data[0]! % TERMS.length]!,
    weights: rows((x) => (poisoned ? NaN : 1 + 0.5 * Math.sin(x))),
    samplerLogprobs: rows((x) => -6 + Math.cos(3 * x)),
    advantages: rows((x) => Math.sin(2 * x + 1)),
  };
}

/** Runs a pass over the items and tells what each gets: log-probs part by part, and gradients. */
async function run(engine: LocalEngine, items: readonly PassItem[], mode: Mode, poison: ReadonlySet<PassItem>) {
  const pass = await engine.openPass(items);
  expect(pass.refused).toEqual([]);
  const logprobs: Float32Array[][] = items.map(() => []);
  for (const [index, { parts }] of pass.runs.entries()) {
    const slopes = parts.map(({ item, datums }) => slopesOf(items[item]!, datums, poison.has(items[item]!)));
    const found = mode === 'fused' ? await engine.fused(pass.id, index, slopes) : await engine.forward(pass.id, index);
    parts.forEach(({ item }, part) => logprobs[item]!.push(found[part]!.slice()));
    if (mode === 'split')
      await engine.backward(
        pass.id,
        index,
        slopes.map(({ weights }) => weights),
      );
  }
  const results: Result[] = [];
  for (const [item, own] of logprobs.entries()) {
    results.push({ logprobs: own, ...(await gradientsOf(engine, pass, items[item]!, item)) });
  }
  await engine.closePass(pass.id);
  return { results, shared: pass.runs.filter(({ parts }) => parts.length > 1).length };
}

async function gradientsOf(engine: LocalEngine, { id }: OpenPass, { train, weights }: PassItem, item: number) {
  if (!train || weights.kind !== 'adapter') return { gradients: new Map<never, never>(), refusal: '' };
  try {
    await engine.keepGradients(id, item);
  } catch (error) {
    return { gradients: new Map<never, never>(), refusal: (error as { code: string }).code };
  }
  const { gradients } = await engine.exportState(weights.id);
  await engine.dropGradients(weights.id);
  // The number of passes draws the dropout masks: the next pass is to draw the same.
  await engine.importState(weights.id, { ...(await engine.exportState(weights.id)), passes: 0 }, { optimizer: true });
  return { gradients: gradients!, refusal: '' };
}

/** Arrays that differ in some bit, by name. */
function differences(one: Result, other: Result): string[] {
  const bits = (data: Float32Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const found = one.logprobs.flatMap((own, part) =>
    bits(own).equals(bits(other.logprobs[part]!)) ? [] : [`log-probs ${part}`],
  );
  if (one.refusal !== other.refusal) found.push(`${one.refusal} is not ${other.refusal}`);
  expect([...one.gradients.keys()]).toEqual([...other.gradients.keys()]);
  for (const [name, { data }] of one.gradients) {
    if (!bits(data).equals(bits(other.gradients.get(name)!.data))) found.push(name);
  }
  return found;
}

describe.each(Object.keys(MODELS))('passes over a model with %s', (name) => {
  const random = new SeededRandom(name);
  let engine: LocalEngine;
  let mixes: Mixes;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thinker-shared-passes-'));
    const model = await randomModel(BASE, MODELS[name]!, folder);
    engine = new LocalEngine({
      executor: new OnnxRuntimeExecutor({ device: 'cpu', threads: 2 }),
      loadModels: () => Promise.resolve([model]),
      memoryBudgetBytes: 200 * 2 ** 20,
      batching: 'exact',
    });
    await engine.start();
    mixes = new Mixes(engine, model.config, random);
    await mixes.makeAdapters();
  });
  afterAll(async () => {
    await engine.stop();
    await rm(folder, { recursive: true });
  });

  it.each(['forward', 'fused', 'split'] as const)(
    'give every request its own bits: %s',
    async (mode) => {
      let shared = 0;
      for (let mix = 0; mix < MIXES; mix++) {
        const items = mixes.items(mode);
        const poison = new Set(mode !== 'forward' && random.chance(0.3) ? [random.pick(items)] : []);
        const together = await run(engine, items, mode, poison);
        shared += together.shared;
        for (const [place, item] of items.entries()) {
          const alone = await run(engine, [item], mode, poison);
          const context = `mix ${mix}, ${mode} of ${JSON.stringify(item.weights)}`;
          expect(differences(together.results[place]!, alone.results[0]!), context).toEqual([]);
        }
      }
      expect(shared).toBeGreaterThan(MIXES / 4);
    },
    300_000,
  );
});
