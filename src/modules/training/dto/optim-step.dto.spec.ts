import { describe, expect, it } from 'vitest';
import { DEFAULT_ADAM } from '../../../domain/adapter/adam-params.js';
import { toAdamParams } from './optim-step.dto.js';

describe('toAdamParams', () => {
  it("takes PyTorch's and transformers' names", () => {
    expect(toAdamParams({ lr: 0.1, betas: [0.5, 0.6], max_grad_norm: 2 })).toEqual({
      ...DEFAULT_ADAM,
      ...{ learningRate: 0.1, beta1: 0.5, beta2: 0.6, gradClipNorm: 2 },
    });
  });

  it('has defaults for what is left out, null included', () => {
    const sent = JSON.parse('{"lr": null, "betas": null, "max_grad_norm": null, "beta1": null}') as object;
    expect(toAdamParams(sent)).toEqual(DEFAULT_ADAM);
    expect(toAdamParams(undefined)).toEqual(DEFAULT_ADAM);
  });

  it('takes a setting under both names when they agree, 0 included', () => {
    expect(toAdamParams({ learning_rate: 0, lr: 0 }).learningRate).toBe(0);
    expect(toAdamParams({ beta2: 0.9, betas: [0.5, 0.9] })).toMatchObject({ beta1: 0.5, beta2: 0.9 });
  });

  it.each([
    [{ learning_rate: 0, lr: 0.1 }, /adam_params.learning_rate and adam_params.lr differ/],
    [{ beta1: 0.9, betas: [0.5, 0.9] }, /adam_params.beta1 and adam_params.betas\[0\] differ/],
    [{ grad_clip_norm: 1, max_grad_norm: 0 }, /adam_params.grad_clip_norm and adam_params.max_grad_norm differ/],
  ])('refuses %j', (dto, problem) => {
    expect(() => toAdamParams(dto)).toThrow(problem);
  });
});
