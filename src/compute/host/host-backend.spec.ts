import { toVocabulary } from '../../grammars/vocabulary.js';
import { describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../test/support/fake-backend/fake-backend.js';
import { PLAIN_SAMPLING } from '../../../test/support/engines/plain-sampling.js';
import { floats, integers } from '../../../test/support/models/ragged-builders.js';
import { TinyEngine, type TinyEngineOptions } from '../../../test/support/engines/tiny-engine.js';
import { DEFAULT_ADAM } from '../../domain/adapter/adam-params.js';
import { DEFAULT_LORA } from '../../domain/adapter/lora-spec.js';
import { type LossDefinition } from '../../domain/loss-definition.js';
import { type LossInputs, type LossResult } from '../../domain/loss.js';
import { type RaggedTensor } from '../../domain/ragged-tensor.js';
import { Loss, LossFunction, TARGET_TOKENS } from '../../losses/loss-function.js';
import { builtInLosses, LossRegistry } from '../../losses/loss-registry.js';
import { type ForwardRequest, type GenerateRequest } from '../compute-backend.js';
import { LocalCheckpointStore } from '../../storage/local/local-checkpoint-store.js';
import { HostBackend } from './host-backend.js';

/** As an operator's plugin brings it: the mean of the squares of all log-probs, so no sum over datums. */
@Loss({ name: 'squares', description: '', inputs: [TARGET_TOKENS], config: [] })
class SquaresLoss extends LossFunction {
  override compute({ data }: RaggedTensor<Float32Array>, _inputs: LossInputs): LossResult {
    const loss = data.reduce((sum, value) => sum + value * value, 0) / data.length;
    return { loss, dLogprobs: Float64Array.from(data, (value) => (2 * value) / data.length), metrics: { seen: 7 } };
  }
}

const B = 'model.layers.0.self_attn.q_proj.lora_B.weight';
const LORA = { ...DEFAULT_LORA, rank: 1, targetModules: ['q_proj' as const] };

/** Nothing here reads states from files. */
const STORAGE = {
  checkpoints: new LocalCheckpointStore('nowhere'),
  samplerWeightBytes: 2 ** 20,
  sequenceBytes: 2 ** 20,
  prefixCacheBytes: 2 ** 20,
};

const GREEDY = { ...PLAIN_SAMPLING, maxNewTokens: 3, temperature: 0 };

async function start(options?: TinyEngineOptions) {
  const engine = new TinyEngine(options);
  const decode = (tokens: ArrayLike<number>) => Promise.resolve(Array.from(tokens).join(' '));
  const backend = new HostBackend({
    engine,
    ...STORAGE,
    losses: new LossRegistry([...builtInLosses(), new SquaresLoss()]),
    loadTexts: () => Promise.resolve(new Map([[FAKE_MODEL.name, { decode, vocabulary: () => toVocabulary([]) }]])),
  });
  await backend.start();
  await backend.createAdapter({ id: 'a', baseModel: FAKE_MODEL.name, lora: LORA });
  return { engine, backend };
}

/** Two datums, whose log-probs are -4, -4 and -2. */
function requestOf(loss: string, options: { definition?: LossDefinition; weights?: RaggedTensor } = {}) {
  const { definition, weights } = options;
  const request: ForwardRequest = {
    batch: {
      tokens: integers([1, 2], [5]),
      lossInputs: { target_tokens: integers([2, 5], [8]), ...(weights ? { weights } : {}) },
    },
    loss: { name: loss, config: {}, ...(definition ? { definition } : {}) },
    logprobs: 'all',
  };
  return request;
}

const gradientOf = async (backend: HostBackend) => (await backend.exportState('a')).gradients!.get(B)!.data[0];

describe('a backend over an engine that knows no losses', () => {
  it('computes the loss of a plugin, and the engine its gradient', async () => {
    const { backend, engine } = await start();
    const result = await backend.forwardBackward('a', requestOf('squares'));
    expect(result).toMatchObject({ loss: 12, metrics: { seen: 7 } });
    expect([...result.logprobs.data]).toEqual([-4, -4, -2]);
    expect(await gradientOf(backend)).toBeCloseTo(-20 / 3, 5);
    expect(engine.calls).toEqual(['open train', 'forward 0', 'backward 0', 'keep 0', 'close']);
  });

  it('computes a written loss', async () => {
    const { backend } = await start();
    const definition = { name: 'mine', loss: 'sum(target_logprobs ** 2)', metrics: { mean: 'mean(target_logprobs)' } };
    const result = await backend.forwardBackward('a', requestOf('mine', { definition }));
    expect(result.loss).toBe(36);
    expect(result.metrics['mean']).toBeCloseTo(-10 / 3, 12);
    expect(await gradientOf(backend)).toBe(-20);
  });

  it('has a built-in loss computed without fused slopes', async () => {
    const { backend, engine } = await start({ knowsSlopes: false });
    expect((await backend.forwardBackward('a', requestOf('cross_entropy'))).loss).toBe(10);
    expect(await gradientOf(backend)).toBe(-3);
    expect(engine.calls).toEqual(['open train', 'forward 0', 'backward 0', 'keep 0', 'close']);
  });

  it('tells how far the log-probs of a rollout are from those of the sampler: not at all before the first step', async () => {
    const { backend } = await start();
    const target = { kind: 'adapter', adapterId: 'a' } as const;
    const rollout = requestOf('importance_sampling');
    const { logprobs } = await backend.forward(target, requestOf('cross_entropy'));
    const { target_tokens } = rollout.batch.lossInputs;
    const lossInputs = { target_tokens: target_tokens!, logprobs, advantages: floats([0, 1], [-2]) };
    const request = { ...rollout, batch: { ...rollout.batch, lossInputs } };
    expect((await backend.forwardBackward('a', request)).metrics['sampler_trainer_kl']).toBe(0);
    await backend.optimStep('a', { ...DEFAULT_ADAM, learningRate: 0.25, weightDecay: 0 });
    const after = await backend.forward(target, request);
    expect(Math.abs(after.metrics['sampler_trainer_kl']!)).toBeCloseTo(1, 5);
  });

  it('trains: a step raises the log-probs', async () => {
    const { backend } = await start();
    await backend.forwardBackward('a', requestOf('cross_entropy'));
    await backend.optimStep('a', { ...DEFAULT_ADAM, learningRate: 0.25, weightDecay: 0 });
    const { loss } = await backend.forward({ kind: 'adapter', adapterId: 'a' }, requestOf('cross_entropy'));
    // Adam's first step moves each of the four numbers of B by the learning rate, so three log-probs by 1.
    expect(loss).toBeCloseTo(7, 5);
  });
});

describe('the runs of a pass', () => {
  it('are one each where the engine knows the slopes', async () => {
    const { backend, engine } = await start({ knowsSlopes: true, datumsPerRun: 1 });
    const weights = floats([1, 0], [3]);
    expect((await backend.forwardBackward('a', requestOf('cross_entropy', { weights }))).loss).toBe(10);
    expect(await gradientOf(backend)).toBe(-4);
    expect(engine.calls).toEqual(['open train', 'fused 0', 'fused 1', 'keep 0', 'close']);
  });

  it('go forward before the first goes backward, for a loss that relates datums', async () => {
    const { backend, engine } = await start({ datumsPerRun: 1 });
    await backend.forwardBackward('a', requestOf('squares'));
    expect(await gradientOf(backend)).toBeCloseTo(-20 / 3, 5);
    const runs = ['forward 1', 'forward 0', 'backward 0', 'forward 1', 'backward 1'];
    expect(engine.calls).toEqual(['open train', ...runs, 'keep 0', 'close']);
  });

  it('go forward and backward one by one for a sum over datums', async () => {
    const { backend, engine } = await start({ datumsPerRun: 1 });
    const definition = { name: 'mine', loss: 'sum(target_logprobs ** 2)' };
    await backend.forwardBackward('a', requestOf('mine', { definition }));
    expect(await gradientOf(backend)).toBe(-20);
    const runs = ['forward 0', 'backward 0', 'forward 1', 'backward 1'];
    expect(engine.calls).toEqual(['open train', ...runs, 'keep 0', 'close']);
  });

  it('only go forward to read', async () => {
    const { backend, engine } = await start({ knowsSlopes: true, datumsPerRun: 1 });
    const target = { kind: 'base', baseModel: FAKE_MODEL.name } as const;
    expect((await backend.forward(target, requestOf('cross_entropy'))).loss).toBe(10);
    await backend.stop();
    expect(engine.calls).toEqual(['open read', 'forward 0', 'forward 1', 'close']);
  });

  it.each([true, false])('keep no gradients of a loss that is not finite (fused: %s)', async (knowsSlopes) => {
    const { backend, engine } = await start({ knowsSlopes });
    const request = requestOf('cross_entropy', { weights: floats([1, Infinity], [1]) });
    await expect(backend.forwardBackward('a', request)).rejects.toMatchObject({ code: 'non_finite_loss' });
    expect(engine.calls).not.toContain('keep 0');
    expect(engine.passes.size).toBe(0);
    expect((await backend.exportState('a')).gradients).toBeNull();
  });

  it('of two requests that train one adapter do not mix', async () => {
    const { backend, engine } = await start({ knowsSlopes: true });
    await Promise.all([1, 2].map(() => backend.forwardBackward('a', requestOf('cross_entropy'))));
    expect(await gradientOf(backend)).toBe(-6);
    await backend.stop();
    const one = ['open train', 'fused 0', 'keep 0', 'close'];
    expect(engine.calls).toEqual([...one, ...one]);
  });
});

describe('a generation', () => {
  const target = { kind: 'base', baseModel: FAKE_MODEL.name } as const;
  const request = (count: number, more: Partial<GenerateRequest['sampling']> = {}): GenerateRequest => ({
    prompt: Int32Array.of(3, 4),
    count,
    sampling: { ...GREEDY, ...more },
  });

  it('reads the prompt once for several continuations, and forks it for all but one', async () => {
    const { backend, engine } = await start();
    const { sequences } = await backend.generate(target, request(2));
    expect(sequences.map(({ tokens }) => [...tokens])).toEqual([
      [5, 6, 7],
      [5, 6, 7],
    ]);
    expect(engine.calls).toEqual(['advance 2', 'fork 1 at 2', 'advance 1,1', 'advance 1,1']);
    expect(engine.openSequences.size).toBe(0);
  });

  it('goes on with the sequence of the prompt for one', async () => {
    const { backend, engine } = await start();
    await backend.generate(target, request(1));
    expect(engine.calls).toEqual(['advance 2', 'advance 1', 'advance 1']);
    expect(engine.openSequences.size).toBe(0);
  });

  it('closes its sequences when it is given up', async () => {
    const { backend, engine } = await start();
    const controller = new AbortController();
    const onToken = () => controller.abort();
    const generation = backend.generate(target, request(2), { onToken, signal: controller.signal });
    await expect(generation).rejects.toMatchObject({ code: 'cancelled' });
    expect(engine.openSequences.size).toBe(0);
  });

  it('stops at strings, which the engine does not know', async () => {
    const { backend, engine } = await start();
    const { sequences } = await backend.generate(target, request(1, { maxNewTokens: 9, stopStrings: ['6 7'] }));
    expect(sequences[0]).toMatchObject({ tokens: Int32Array.of(5, 6, 7), stopReason: 'stop' });
    expect(engine.openSequences.size).toBe(0);
  });
});

it('loads no model that it has no tokenizer for', async () => {
  const losses = new LossRegistry();
  const loadTexts = () => Promise.resolve(new Map<string, never>());
  const backend = new HostBackend({ engine: new TinyEngine(), ...STORAGE, losses, loadTexts });
  await expect(backend.start()).rejects.toThrow(`There is no tokenizer for base model '${FAKE_MODEL.name}'.`);
});
