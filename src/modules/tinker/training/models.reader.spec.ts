import { describe, expect, it } from 'vitest';
import { seedOfName } from '../../../domain/seed.js';
import { makeBaseModel } from '../../../../test/support/service/api-base-model.js';
import { resolveTargets } from '../../adapters/target-selection.js';
import { toTrainFlags } from './lora-flags.js';
import { readFreshModel } from './models.reader.js';
import { readTinkerOptimStep } from './optim-step.reader.js';

const MODEL = { session_id: 's', model_seq_id: 3, base_model: 'b' };

describe('create_model', () => {
  it("has the SDK's defaults, and a seed that follows from the model's id", () => {
    const { lora, ...slot } = readFreshModel(MODEL);
    expect(slot).toEqual({ sessionId: 's', modelSeqId: 3, baseModel: 'b' });
    expect(lora).toMatchObject({ rank: 32, alpha: 32, dropout: 0, rsLora: false, seed: seedOfName('s:train:3') });
    expect(lora.targetModules).toEqual({ attention: true, mlp: true, outputProjection: true });
  });

  it.each([
    [{ train_unembed: false }, 7],
    [{ train_mlp: false, train_unembed: false }, 4],
    [{ train_attn: false, train_unembed: false }, 3],
    [{ train_attn: false, train_mlp: false }, 1],
  ])('trains the parts that are left: %j', (flags, count) => {
    const { lora } = readFreshModel({ ...MODEL, lora_config: flags });
    const targets = resolveTargets(lora.targetModules, makeBaseModel());
    expect(targets).toHaveLength(count);
    expect(toTrainFlags(targets)).toMatchObject(flags);
  });

  it('refuses a model that trains nothing, and another optimiser', () => {
    const lora_config = { train_attn: false, train_mlp: false, train_unembed: false };
    expect(() => readFreshModel({ ...MODEL, lora_config })).toThrow(/does not train any layer/);
    expect(() => readFreshModel({ ...MODEL, optimizer_config: { type: 'sgd' } })).toThrow(/optimizer_config.type/);
  });
});

describe('optim_step', () => {
  it("has the SDK's defaults, and no cap on the norm from 0 down", () => {
    const { params, ...rest } = readTinkerOptimStep({ model_id: 'a', adam_params: { grad_clip_norm: -1 } });
    expect(rest).toEqual({ modelId: 'a' });
    expect(params).toEqual({
      learningRate: 1e-4,
      beta1: 0.9,
      beta2: 0.95,
      eps: 1e-12,
      weightDecay: 0,
      gradClipNorm: 0,
    });
  });
});
