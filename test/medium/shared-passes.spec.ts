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
import { DEFAULT_LORA, type LoraSpec } from '../../src/domain/adapter/lora-spec.js';
import { type FusedTerms } from '../../src/domain/loss.js';
import { type TransformerConfig } from '../../src/domain/model/transformer-config.js';
import { offsetsOf } from '../../src/domain/ragged-tensor.js';
import { SeededRandom } from '../chaos/seeded-random.js';
import { randomModel, type RandomModelShape } from '../support/models/random-model.js';

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
const MIXES = 36;
const BASE = 'random';

const LAYER_TARGETS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;
const ALL_TARGETS = [...LAYER_TARGETS, 'lm_head'] as const;
const LAYER = (layer: number, module: string) => `model.layers.${layer}.${module}`;

/** By class of ranks: adapters of one class share runs, whatever their modules, scales and dropout. */
const CLASSES: readonly (readonly Partial<LoraSpec>[])[] = [
  [
    ...[2, 4, 8, 16, 3].map((rank) => ({ rank })),
    ...[8, 16, 5].map((rank) => ({ rank, targetModules: ALL_TARGETS })),
    { rank: 1 },
    { rank: 1, targetModules: ALL_TARGETS, dropout: 0.1 },
    { rank: 6, targetModules: ['v_proj'] },
    { rank: 12, targetModules: ['gate_proj', 'up_proj'], dropout: 0.3 },
    { rank: 7, targetModules: ['k_proj', 'o_proj', 'down_proj'] },
    { rank: 9, targetModules: ['o_proj', 'lm_head'] },
    { rank: 8, excludedModules: [LAYER(0, 'self_attn.q_proj')] },
    { rank: 8, targetModules: LAYER_TARGETS, excludedModules: [LAYER(1, 'mlp.down_proj')] },
    {
      rank: 8,
      rankPattern: { [LAYER(0, 'self_attn.q_proj')]: 2, [LAYER(1, 'self_attn.v_proj')]: 16 },
      alphaPattern: { [LAYER(1, 'self_attn.q_proj')]: 3 },
    },
    { rank: 4, targetModules: LAYER_TARGETS, rankPattern: { [LAYER(0, 'mlp.up_proj')]: 1 } },
    { rank: 10, targetModules: ['q_proj', 'lm_head'], alphaPattern: { lm_head: 5 }, rsLora: true },
  ],
  [
    ...[17, 32, 24].map((rank) => ({ rank })),
    ...[20, 32].map((rank) => ({ rank, targetModules: ALL_TARGETS })),
    { rank: 30, targetModules: LAYER_TARGETS, rankPattern: { [LAYER(1, 'self_attn.k_proj')]: 19 } },
  ],
  [
    ...[64, 40, 33].map((rank) => ({ rank, targetModules: ['o_proj', 'down_proj', 'k_proj'] as const, dropout: 0.2 })),
    { rank: 50, targetModules: ['q_proj', 'up_proj'] },
  ],
  [
    ...[100, 128].map((rank) => ({ rank, targetModules: ['q_proj', 'lm_head'] as const, dropout: 0.1 })),
    { rank: 70, targetModules: LAYER_TARGETS },
  ],
];
/** Of no class: they run alone. */
const LONERS: readonly Partial<LoraSpec>[] = [
  { rank: 200, targetModules: ['gate_proj', 'up_proj'] },
  { rank: 8, rankPattern: { [LAYER(0, 'self_attn.v_proj')]: 32 } },
];
const LORAS: readonly LoraSpec[] = [...CLASSES.flat(), ...LONERS].map((lora, seed) => ({
  ...DEFAULT_LORA,
  alpha: 8 + 3 * (seed % 6),
  ...lora,
  seed,
}));

interface Result {
  readonly logprobs: readonly Float32Array[];
  readonly gradients: AdapterTensors;
  /** Code of the error instead of gradients. */
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
    const last = random.chance(0.5) ? CLASSES[0]!.length - 1 : LORAS.length - 1;
    return Array.from({ length: count }, () => {
      const which = random.whole(0, last);
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
  const shared = pass.runs.filter(({ parts }) => parts.length > 1);
  return { results, shared: shared.map(({ parts }) => parts.map(({ item }) => items[item]!.weights)) };
}

/** In what ways those who shared a run differed. */
function variety(run: readonly WeightsRef[]): string[] {
  const loras = run.map((weights) => (weights.kind === 'adapter' ? LORAS[Number(weights.id)]! : null));
  const count = (of: (lora: LoraSpec) => unknown) =>
    new Set(loras.map((lora) => JSON.stringify(lora && (of(lora) ?? null)))).size;
  const found = {
    'base rows': loras.includes(null) && loras.some((lora) => lora !== null),
    'target modules': count(({ targetModules }) => targetModules) > 1,
    'excluded modules': count(({ excludedModules }) => excludedModules) > 1,
    'ranks of modules': count(({ rankPattern }) => rankPattern) > 1,
    'scales of modules': count(({ alphaPattern }) => alphaPattern) > 1,
    'use of dropout': count(({ dropout }) => dropout > 0) > 1,
    'rank 1 or more': loras.some((lora) => lora?.rank === 1) && loras.some((lora) => lora !== null && lora.rank > 1),
  };
  return Object.entries(found).flatMap(([name, is]) => (is ? [name] : []));
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
      const shared: WeightsRef[][] = [];
      for (let mix = 0; mix < MIXES; mix++) {
        const items = mixes.items(mode);
        const poison = new Set(mode !== 'forward' && random.chance(0.3) ? [random.pick(items)] : []);
        const together = await run(engine, items, mode, poison);
        shared.push(...together.shared);
        for (const [index, item] of items.entries()) {
          const alone = await run(engine, [item], mode, poison);
          const context = `mix ${mix}, ${mode} of ${JSON.stringify(item.weights)}`;
          expect(differences(together.results[index]!, alone.results[0]!), context).toEqual([]);
        }
      }
      expect(shared.length).toBeGreaterThan(MIXES / 4);
      const expected = [
        'excluded modules',
        'rank 1 or more',
        'ranks of modules',
        'scales of modules',
        'target modules',
      ];
      expect([...new Set(shared.flatMap(variety))]).toEqual(
        expect.arrayContaining([...expected, mode === 'forward' ? 'base rows' : 'use of dropout']),
      );
    },
    600_000,
  );
});
