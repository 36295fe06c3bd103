import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHfConfig } from '../../src/base-models/model-config/hf-config.js';
import { layerTargets, targetsOf } from '../../src/compute/models/adapter-modules.js';
import { type ModelTarget } from '../../src/compute/compute-backend.js';
import { type HostBackend } from '../../src/compute/host/host-backend.js';
import { freshState } from '../../src/compute/numerics/adapter-tensors.js';
import { initialLoraWeights } from '../../src/compute/numerics/lora-init.js';
import { DEFAULT_LORA, type LoraSpec } from '../../src/domain/adapter/lora-spec.js';
import { type SampledSequence, type SamplingParams } from '../../src/domain/sampling.js';
import { SeededRandom } from '../chaos/seeded-random.js';
import { ONNXRUNTIME } from '../support/engines/executors.js';
import { integers } from '../support/models/ragged-builders.js';
import { BUNDLED_MODEL, startReferenceEngine } from '../support/engines/reference-engine.js';

/*
 * The log-probs that sampling returns are those that the trainer computes for the same tokens and weights: the same
 * float32 bits, whatever else the engine does at the time. Shown on a trained model, bundled with the repository.
 */

const MODEL = BUNDLED_MODEL;
const CONFIG = parseHfConfig(JSON.parse(readFileSync('models/tiny-chat/config.json', 'utf8')), MODEL);
const SAMPLED_TOKENS = 10_000;
const AT_ONCE = 24;

const LORAS: Readonly<Record<string, LoraSpec>> = {
  attention: { ...DEFAULT_LORA, rank: 4, seed: 1 },
  layers: { ...DEFAULT_LORA, rank: 16, targetModules: layerTargets(CONFIG), seed: 2 },
  everything: { ...DEFAULT_LORA, rank: 8, targetModules: targetsOf(CONFIG), seed: 3 },
  wide: { ...DEFAULT_LORA, rank: 32, alpha: 8, targetModules: ['o_proj', 'up_proj'], seed: 4 },
};
/** Trains meanwhile, and is not sampled from. */
const TRAINED = 'trained';

interface Rollout {
  readonly target: ModelTarget;
  readonly prompt: Int32Array;
  readonly sequence: SampledSequence;
}

let started: Awaited<ReturnType<typeof startReferenceEngine>>;
let backend: HostBackend;

beforeAll(async () => {
  started = await startReferenceEngine(await ONNXRUNTIME.create(), [MODEL]);
  backend = started.engine;
  for (const [id, lora] of [...Object.entries(LORAS), [TRAINED, LORAS['layers']!] as const])
    await makeAdapter(id, lora);
});
afterAll(() => started.stop());

/** With B matrices that are not zero, so that the adapter counts. */
async function makeAdapter(id: string, lora: LoraSpec): Promise<void> {
  const weights = [...initialLoraWeights(CONFIG, lora)].map(([name, { shape, data }], which) => {
    return [name, { shape, data: data.map((value, i) => value + 0.02 * Math.sin(i + which)) }] as const;
  });
  await backend.createAdapter({ id, baseModel: MODEL, lora }, { state: freshState(new Map(weights)) });
}

function randomTokens(random: SeededRandom, length: number): Int32Array {
  return Int32Array.from({ length }, () => random.whole(3, CONFIG.vocabSize - 1));
}

function randomSampling(random: SeededRandom): SamplingParams {
  return {
    maxNewTokens: random.whole(8, 80),
    temperature: random.pick([0, 0.7, 1, 1.3]),
    topP: random.pick([1, 0.9]),
    topK: random.pick([0, 20]),
    minP: 0,
    repetitionPenalty: random.pick([1, 1.2]),
    stopTokens: random.pick([[], [2]]),
    stopStrings: [],
    seed: random.whole(0, 2 ** 31),
  };
}

async function sample(random: SeededRandom): Promise<Rollout[]> {
  const id = random.pick([...Object.keys(LORAS), 'base']);
  const target: ModelTarget = id === 'base' ? { kind: 'base', baseModel: MODEL } : { kind: 'adapter', adapterId: id };
  // Some share a beginning, which is then read once.
  const shared = Int32Array.from({ length: 40 }, (_, i) => 5 + i);
  const own = randomTokens(random, random.whole(2, 90));
  const prompt = random.chance(1 / 3) ? Int32Array.from([...shared, ...own]) : own;
  const request = { prompt, count: random.whole(1, 3), sampling: randomSampling(random) };
  const { sequences } = await backend.generate(target, request);
  return sequences.map((sequence) => ({ target, prompt, sequence }));
}

async function trainUntil(done: () => boolean, random: SeededRandom): Promise<number> {
  let passes = 0;
  for (; !done(); passes++) {
    const tokens = randomTokens(random, random.whole(20, 80));
    await backend.forwardBackward(TRAINED, requestOf(tokens, Int32Array.from(tokens).reverse()));
  }
  return passes;
}

function requestOf(tokens: Int32Array, targets: Int32Array) {
  const lossInputs = { target_tokens: integers([...targets]) };
  return {
    batch: { tokens: integers([...tokens]), lossInputs },
    loss: { name: 'cross_entropy', config: {} },
    logprobs: 'all',
  } as const;
}

/** What the trainer says of the sampled tokens. */
async function trainerLogprobs({ target, prompt, sequence }: Rollout): Promise<Float32Array> {
  const text = Int32Array.from([...prompt, ...sequence.tokens]);
  const { logprobs } = await backend.forward(target, requestOf(text.subarray(0, -1), text.subarray(1)));
  return logprobs.data.subarray(prompt.length - 1);
}

describe('the sampler and the trainer', () => {
  it(`give the same bits on ${SAMPLED_TOKENS} tokens under random concurrency`, async () => {
    const random = new SeededRandom('rollouts');
    const rollouts: Rollout[] = [];
    const sampled = () => rollouts.reduce((sum, { sequence }) => sum + sequence.tokens.length, 0);
    const isDone = () => sampled() >= SAMPLED_TOKENS;
    const sampler = async () => {
      while (!isDone()) rollouts.push(...(await sample(random)));
    };
    const trainer = trainUntil(isDone, random);
    await Promise.all(Array.from({ length: AT_ONCE }, sampler));
    expect(await trainer).toBeGreaterThan(10);

    let kl = 0;
    const checked = await Promise.all(rollouts.map((rollout) => trainerLogprobs(rollout)));
    checked.forEach((logprobs, i) => {
      const { sequence } = rollouts[i]!;
      expect([...logprobs], `rollout ${i}`).toEqual([...sequence.logprobs]);
      sequence.logprobs.forEach((logprob, t) => (kl += logprob - logprobs[t]!));
    });
    expect(kl).toBe(0);
  });
});
