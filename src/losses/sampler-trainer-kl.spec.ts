import { describe, expect, it } from 'vitest';
import { floats, integers, widened } from '../../test/support/models/ragged-builders.js';
import { samplerTrainerKl } from './sampler-trainer-kl.js';

describe('sampler_trainer_kl', () => {
  const target_tokens = integers([1, 2, 3], [4]);
  const trainer = floats([-0.1, -0.7, -2.3], [-1.9]);

  it('is exactly 0 where sampler and trainer agree to the bit, and shows one bit that differs', () => {
    expect(samplerTrainerKl(trainer, { target_tokens, logprobs: trainer })).toEqual({ sampler_trainer_kl: 0 });
    const bits = new Uint32Array(trainer.data.slice().buffer);
    bits[1]!++;
    const sampler = { ...trainer, data: new Float32Array(bits.buffer) };
    expect(samplerTrainerKl(trainer, { target_tokens, logprobs: sampler }).sampler_trainer_kl).toBeLessThan(0);
  });

  it('is the mean of the differences over the sampled tokens', () => {
    const logprobs = floats([0, 0, -2.25], [-0.5]);
    const own = floats([-5, -5, -2], [-1]);
    const advantages = floats([0, 0, 1], [-1]);
    expect(samplerTrainerKl(own, { target_tokens, logprobs, advantages })).toEqual({ sampler_trainer_kl: 0.125 });
    const weights = floats([0, 0, 1], [0]);
    expect(samplerTrainerKl(own, { target_tokens, logprobs, weights })).toEqual({ sampler_trainer_kl: -0.25 });
  });

  it('leaves out what the trainer did not compute, and is none of nothing', () => {
    const own = floats([NaN, -1, NaN], [NaN]);
    const logprobs = floats([0, -0.5, 0], [0]);
    expect(samplerTrainerKl(own, { target_tokens, logprobs })).toEqual({ sampler_trainer_kl: 0.5 });
    const advantages = floats([0, 0, 0], [0]);
    expect(samplerTrainerKl(own, { target_tokens, logprobs, advantages })).toEqual({});
  });

  it('is given for losses with log-probs of the sampler only, shaped like the targets', () => {
    expect(samplerTrainerKl(trainer, { target_tokens })).toEqual({});
    expect(samplerTrainerKl(trainer, { target_tokens, logprobs: floats([-1], [-1]) })).toEqual({});
    const pairs = widened(floats([-1, -2, -3, -4]), 2);
    expect(samplerTrainerKl(pairs, { target_tokens, logprobs: pairs })).toEqual({ sampler_trainer_kl: 0 });
  });
});
