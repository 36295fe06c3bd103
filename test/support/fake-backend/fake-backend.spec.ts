import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_ADAM } from '../../../src/domain/adapter/adam-params.js';
import { DEFAULT_LORA } from '../../../src/domain/adapter/lora-spec.js';
import { offsetsOf } from '../../../src/domain/ragged-tensor.js';
import { type ForwardRequest } from '../../../src/compute/compute-backend.js';
import { FAKE_MODEL, FakeBackend } from './fake-backend.js';

const LORA = { ...DEFAULT_LORA, rank: 1, alpha: 2, targetModules: ['q_proj' as const] };

/** Tokens 1, 2 with targets 2, 5: log-probs -(1 + 3 mod 4) = -4 and -(1 + 7 mod 4) = -4. */
const REQUEST: ForwardRequest = {
  batch: {
    tokens: { data: Int32Array.of(1, 2), offsets: offsetsOf([2]), trailingShape: [] },
    lossInputs: { target_tokens: { data: Int32Array.of(2, 5), offsets: offsetsOf([2]), trailingShape: [] } },
  },
  loss: { name: 'cross_entropy', config: {} },
  logprobs: 'all',
};

describe('the fake backend', () => {
  const backend = new FakeBackend();

  beforeEach(async () => {
    await backend.start();
    await backend.createAdapter({ id: 'a', baseModel: FAKE_MODEL.name, lora: LORA });
  });

  it('computes the loss of its formula and leaves the adapter alone in forward', async () => {
    const before = await backend.exportState('a');
    const result = await backend.forward({ kind: 'adapter', adapterId: 'a' }, REQUEST);
    expect(result.loss).toBe(8);
    expect([...result.logprobs.data]).toEqual([-4, -4]);
    expect(await backend.exportState('a')).toEqual(before);
  });

  it('adds gradients up and applies them in a step that raises the log-probs', async () => {
    await backend.forwardBackward('a', REQUEST);
    await backend.forwardBackward('a', REQUEST);
    const { gradients } = await backend.exportState('a');
    // dLoss/dlogprob = -1 for both targets, dlogprob/dB = scale = 2, two passes: -8 for each number of B.
    expect([...gradients!.get('model.layers.0.self_attn.q_proj.lora_B.weight')!.data]).toEqual([-8, -8, -8, -8]);
    const step = await backend.optimStep('a', { ...DEFAULT_ADAM, learningRate: 0.25, weightDecay: 0 });
    expect(step.step).toBe(1);
    // Adam's first step moves each of the four numbers of B by the learning rate: bonus = 2 * 4 * 0.25 = 2.
    const result = await backend.forward({ kind: 'adapter', adapterId: 'a' }, REQUEST);
    expect(result.loss).toBeCloseTo(4, 5);
    await expect(backend.optimStep('a', DEFAULT_ADAM)).rejects.toMatchObject({ code: 'no_gradients' });
  });

  it('samples greedily by counting up, with log-probs of its formula', async () => {
    const sampling = {
      maxNewTokens: 3,
      temperature: 0,
      topP: 1,
      topK: 0,
      minP: 0,
      repetitionPenalty: 1,
      stopTokens: [12],
      stopStrings: [],
      seed: 0,
    };
    const request = { prompt: Int32Array.of(5, 10), count: 1, sampling };
    const { sequences } = await backend.generate({ kind: 'base', baseModel: FAKE_MODEL.name }, request);
    expect(sequences).toEqual([
      { tokens: Int32Array.of(11, 12), logprobs: Float32Array.of(-2, -4), stopReason: 'stop' },
    ]);
  });

  it('refuses what it does not know', async () => {
    await expect(backend.exportState('b')).rejects.toMatchObject({ code: 'adapter_not_loaded' });
    const base = backend.forward({ kind: 'base', baseModel: 'nothing' }, REQUEST);
    await expect(base).rejects.toMatchObject({ code: 'unknown_base_model' });
  });
});
