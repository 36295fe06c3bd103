import { describe, expect, it } from 'vitest';
import { DEFAULT_ADAM } from '../../../domain/adapter/adam-params.js';
import { readAdamParams, readOptimStep } from './optim-step.reader.js';

describe('readAdamParams', () => {
  it("takes PyTorch's and transformers' names", () => {
    expect(readAdamParams({ lr: 0.1, betas: [0.5, 0.6], max_grad_norm: 2 })).toEqual({
      ...DEFAULT_ADAM,
      learningRate: 0.1,
      beta1: 0.5,
      beta2: 0.6,
      gradClipNorm: 2,
    });
  });

  it('has defaults for what is left out, null included', () => {
    const sent = JSON.parse('{"lr": null, "betas": null, "max_grad_norm": null, "beta1": null}') as object;
    expect(readAdamParams(sent)).toEqual(DEFAULT_ADAM);
    expect(readAdamParams(undefined)).toEqual(DEFAULT_ADAM);
  });

  it('takes a setting under both names when they agree, 0 included', () => {
    expect(readAdamParams({ learning_rate: 0, lr: 0 }).learningRate).toBe(0);
    expect(readAdamParams({ beta2: 0.9, betas: [0.5, 0.9] })).toMatchObject({ beta1: 0.5, beta2: 0.9 });
  });

  it.each([
    [{ learning_rate: 0, lr: 0.1 }, /adam_params.learning_rate and adam_params.lr differ/],
    [{ beta1: 0.9, betas: [0.5, 0.9] }, /adam_params.beta1 and adam_params.betas\[0\] differ/],
    [{ grad_clip_norm: 1, max_grad_norm: 0 }, /adam_params.grad_clip_norm and adam_params.max_grad_norm differ/],
  ])('refuses %j', (dto, problem) => {
    expect(() => readAdamParams(dto)).toThrow(problem);
  });
});

describe('readOptimStep', () => {
  it('takes null for a number that is not given', () => {
    const sent = JSON.parse('{"model_id": "a", "seq_id": null}') as { model_id: string };
    expect(readOptimStep(sent)).toEqual({ modelId: 'a', seqId: undefined, params: DEFAULT_ADAM });
    expect(readOptimStep({ model_id: 'a', seq_id: 0 }).seqId).toBe(0);
  });
});
