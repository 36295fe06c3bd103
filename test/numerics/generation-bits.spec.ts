import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalEngine } from '../../src/compute/local/local-engine.js';
import { type ModelEngine, type WeightsRef } from '../../src/compute/model-engine.js';
import { OnnxRuntimeExecutor } from '../../src/compute/onnxruntime/onnxruntime-executor.js';
import { freshState } from '../../src/compute/numerics/adapter-tensors.js';
import { initialLoraWeights } from '../../src/compute/numerics/lora-init.js';
import { RandomStream } from '../../src/compute/numerics/random.js';
import { type TransformerConfig } from '../../src/domain/model/transformer-config.js';
import { DEFAULT_LORA, type LoraSpec } from '../../src/domain/adapter/lora-spec.js';
import { integers } from '../support/models/ragged-builders.js';
import { randomModel, type RandomModelShape } from '../support/models/random-model.js';

/*
 * The promise of sharing: whatever else runs, a sequence gets the bits that it gets alone, and those that a forward pass
 * over its tokens gives. Random mixes of sequences join, read prompts in pieces, decode, fork and leave; every log-prob is
 * then compared as a float32 with a pass over the whole sequence, and some rows of logits with the sequence read alone.
 */

const MODELS: Readonly<Record<string, RandomModelShape>> = {
  grouped: {
    model_type: 'llama',
    hidden_size: 576,
    intermediate_size: 640,
    num_hidden_layers: 2,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    head_dim: 64,
    vocab_size: 384,
  },
  'with a key head for each query head': {
    model_type: 'qwen2',
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 4,
    head_dim: 16,
    vocab_size: 200,
  },
  'with norms of queries and keys': {
    model_type: 'qwen3',
    hidden_size: 96,
    intermediate_size: 160,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 128,
    vocab_size: 160,
  },
};

const LORAS: readonly LoraSpec[] = [
  { ...DEFAULT_LORA, rank: 4, seed: 1 },
  { ...DEFAULT_LORA, rank: 12, alpha: 7, seed: 2 },
  { ...DEFAULT_LORA, rank: 24, seed: 3 },
  { ...DEFAULT_LORA, rank: 64, alpha: 20, seed: 5 },
  { ...DEFAULT_LORA, rank: 1, seed: 6 },
  { ...DEFAULT_LORA, rank: 3, targetModules: ['q_proj', 'down_proj', 'lm_head'], seed: 4 },
];

/** Mixes of sequences for each model and number of threads: with more threads, other products are shared out. */
const MIXES = 6;
const THREADS = [1, 2, 4];

async function makeAdapters(engine: ModelEngine, baseModel: string, config: TransformerConfig): Promise<void> {
  for (const [i, lora] of LORAS.entries()) {
    const weights = [...initialLoraWeights(config, lora)].map(([name, { shape, data }], which) => {
      return [name, { shape, data: data.map((value, at) => value + 0.05 * Math.sin(at + which)) }] as const;
    });
    await engine.createAdapter({ id: `adapter-${i}`, baseModel, lora }, freshState(new Map(weights)));
  }
}

interface Member {
  readonly sequence: number;
  readonly weights: WeightsRef;
  readonly tokens: number[];
  /** What came after a token, by its position. */
  readonly heard: Map<number, { readonly logits: Float32Array; readonly logSum: number }>;
}

/** One random company of sequences. */
class Mix {
  readonly ended: Member[] = [];
  private members: Member[] = [];
  private readonly random: RandomStream;
  private draws = 0;

  constructor(
    private readonly engine: ModelEngine,
    private readonly baseModel: string,
    private readonly vocabSize: number,
    seed: number,
  ) {
    this.random = new RandomStream(seed, 'mix');
  }

  async run(): Promise<void> {
    const steps = 6 + this.below(20);
    for (let i = 0; i < steps; i++) {
      while (this.members.length < 1 + this.below(6)) await this.join();
      await this.advance();
      if (this.below(4) === 0) await this.fork();
      if (this.below(4) === 0) await this.leave();
    }
    while (this.members.length > 0) await this.leave();
  }

  private below(bound: number): number {
    return Math.floor(this.random.uniform(this.draws++) * bound);
  }

  private async join(): Promise<void> {
    const which = this.below(LORAS.length + 1);
    const base: WeightsRef = { kind: 'base', baseModel: this.baseModel };
    const weights: WeightsRef = which === LORAS.length ? base : { kind: 'adapter', id: `adapter-${which}` };
    this.members.push({ sequence: await this.engine.openSequence(weights), weights, tokens: [], heard: new Map() });
  }

  /** Most decode, some read a piece of a prompt, some stay behind. */
  private async advance(): Promise<void> {
    const advancing = this.members.filter(({ tokens }) => tokens.length === 0 || this.below(8) > 0);
    const steps = advancing.map(({ sequence, tokens }) => {
      const long = tokens.length === 0 || this.below(6) === 0;
      const length = long ? 1 + this.below(this.below(4) === 0 ? 150 : 20) : 1;
      const input = Int32Array.from({ length }, () => this.below(this.vocabSize));
      const rows = Int32Array.from(input.keys()).filter((i) => i === length - 1 || this.below(5) === 0);
      return { sequence, tokens: input, rows };
    });
    const next = await this.engine.advance(steps);
    for (const [i, member] of advancing.entries()) {
      const { tokens, rows } = steps[i]!;
      rows.forEach((row, index) => {
        const { logits, logSum } = next[i]![index]!;
        member.heard.set(member.tokens.length + row, { logits: logits.slice(), logSum });
      });
      member.tokens.push(...tokens);
    }
  }

  private async fork(): Promise<void> {
    const from = this.members[this.below(this.members.length)];
    if (!from || from.tokens.length === 0) return;
    const length = this.below(2) === 0 ? from.tokens.length : 1 + this.below(from.tokens.length);
    for (const sequence of await this.engine.forkSequence(from.sequence, 1 + this.below(3), length)) {
      const heard = new Map([...from.heard].filter(([position]) => position < length));
      this.members.push({ sequence, weights: from.weights, tokens: from.tokens.slice(0, length), heard });
    }
  }

  private async leave(): Promise<void> {
    const [member] = this.members.splice(this.below(this.members.length), 1);
    if (!member) return;
    await this.engine.closeSequences([member.sequence]);
    if (member.tokens.length > 1) this.ended.push(member);
  }
}

/** log p of each token after the first, given those before it, by a pass over all; those of adapters train, in both ways. */
async function passLogprobs(engine: ModelEngine, { weights, tokens }: Member): Promise<Float32Array> {
  const item = {
    weights,
    train: weights.kind === 'adapter',
    tokens: integers(tokens.slice(0, -1)),
    targets: integers(tokens.slice(1)),
    scored: new Uint8Array(tokens.length - 1).fill(1),
  };
  const { id } = await engine.openPass([item]);
  const zeros = new Float32Array(tokens.length - 1);
  const terms = { policy: 'weights', low: 0, high: 0, beta: 0 } as const;
  const slopes = { terms, weights: zeros, samplerLogprobs: zeros, advantages: zeros };
  const fused = item.train && tokens.length % 2 === 0 ? await engine.fused(id, 0, [slopes]) : null;
  const [logprobs] = fused ?? (await engine.forward(id, 0));
  const found = logprobs!.slice();
  await engine.closePass(id);
  return found;
}

/** Logits and their sums after every token, read alone and at once. */
async function readAlone(engine: ModelEngine, { weights, tokens }: Member) {
  const sequence = await engine.openSequence(weights);
  const rows = Int32Array.from(tokens.keys());
  const [next] = await engine.advance([{ sequence, tokens: Int32Array.from(tokens), rows }]);
  await engine.closeSequences([sequence]);
  return next!;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.slice().buffer);
}

const CASES = Object.entries(MODELS).flatMap(([name, shape]) => THREADS.map((threads) => ({ name, shape, threads })));

describe.each(CASES)('sequences of a model $name, $threads threads', ({ name, shape, threads }) => {
  let folder: string;
  let engine: LocalEngine;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thinker-bits-'));
    const model = await randomModel(name, shape, folder);
    const executor = new OnnxRuntimeExecutor({ device: 'cpu', threads });
    engine = new LocalEngine({
      executor,
      memoryBudgetBytes: 2 ** 30,
      batching: 'exact',
      loadModels: async () => [model],
    });
    await engine.start();
    await makeAdapters(engine, name, model.config);
  });
  afterAll(async () => {
    await engine.stop();
    await rm(folder, { recursive: true });
  });

  it(`have the same bits in each of ${MIXES} mixes as alone, and as in a pass`, async () => {
    let compared = 0;
    for (let seed = 0; seed < MIXES; seed++) {
      const mix = new Mix(engine, name, shape.vocab_size, seed);
      await mix.run();
      for (const member of mix.ended) {
        const logprobs = await passLogprobs(engine, member);
        const alone = await readAlone(engine, member);
        for (const [position, { logits, logSum }] of member.heard) {
          const where = `mix ${seed}, position ${position} of ${member.tokens.length}, ${JSON.stringify(member.weights)}`;
          expect(Object.is(logSum, alone[position]!.logSum), where).toBe(true);
          expect(bitsOf(logits), where).toEqual(bitsOf(alone[position]!.logits));
          if (position + 1 === member.tokens.length) continue;
          const logprob = Math.fround(logits[member.tokens[position + 1]!]! - logSum);
          expect(Object.is(logprob, logprobs[position]), where).toBe(true);
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });
});
