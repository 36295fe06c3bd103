import { describe, expect, it } from 'vitest';
import { floats, integers, widened } from '../../../test/support/models/ragged-builders.js';
import { CrossEntropyLoss } from './cross-entropy.loss.js';

const loss = new CrossEntropyLoss();

describe('cross_entropy', () => {
  it('sums weighted negative log-probs over tokens and datums', () => {
    const inputs = { target_tokens: integers([1, 2], [3]), weights: floats([1, 0.5], [-2]) };
    const result = loss.compute(floats([-1, -2], [-0.25]), inputs);
    expect(result.loss).toBe(1 + 1 - 0.5);
    expect([...result.dLogprobs]).toEqual([-1, -0.5, 2]);
  });

  it('weights every target by 1 where no weights are given', () => {
    const inputs = { target_tokens: integers([1, 2, 3]) };
    const result = loss.compute(floats([-1, -2, -3]), inputs);
    expect(result.loss).toBe(6);
    expect([...result.dLogprobs]).toEqual([-1, -1, -1]);
    expect([...loss.activePositions(inputs)]).toEqual([1, 1, 1]);
    expect(result.metrics).toEqual({ num_tokens: 3, num_weighted_tokens: 3, mean_nll: 2, perplexity: Math.exp(2) });
  });

  it('gives exactly 0 at weight 0, whatever the log-prob', () => {
    const inputs = { target_tokens: integers([1, 2, 3, 4]), weights: floats([0, 0, -0, 2]) };
    const result = loss.compute(floats([NaN, -Infinity, Infinity, -0.5]), inputs);
    expect(result.loss).toBe(1);
    expect([...result.dLogprobs]).toEqual([0, 0, 0, -2]);
    expect([...loss.activePositions(inputs)]).toEqual([0, 0, 0, 1]);
    expect(result.metrics).toEqual({
      num_tokens: 4,
      num_weighted_tokens: 1,
      mean_nll: 0.5,
      perplexity: Math.exp(0.5),
    });
  });

  it('takes K targets per position and counts positions, not targets', () => {
    const inputs = {
      target_tokens: widened(integers([1, 2, 3, 4], [5, 6]), 2),
      weights: widened(floats([0.5, 0.5, 0, 0], [0, 1]), 2),
    };
    const result = loss.compute(widened(floats([-1, -3, NaN, NaN], [NaN, -4]), 2), inputs);
    expect(result.loss).toBe(6);
    expect([...result.dLogprobs]).toEqual([-0.5, -0.5, 0, 0, 0, -1]);
    expect([...loss.activePositions(inputs)]).toEqual([1, 0, 1]);
    expect(result.metrics).toMatchObject({ num_tokens: 3, num_weighted_tokens: 2, mean_nll: 3 });
  });

  it('averages the nll by weight, and by absolute weight where signs differ', () => {
    const weighted = { target_tokens: integers([1, 2]), weights: floats([3, 1]) };
    expect(loss.compute(floats([-1, -5]), weighted).metrics.mean_nll).toBe(2);
    const signed = { target_tokens: integers([1, 2]), weights: floats([1, -1]) };
    expect(loss.compute(floats([-1, -5]), signed).metrics.mean_nll).toBe(3);
  });

  it('leaves averages out when nothing is weighted', () => {
    const inputs = { target_tokens: integers([1, 2]), weights: floats([0, 0]) };
    expect(loss.compute(floats([-1, -2]), inputs)).toEqual({
      loss: 0,
      dLogprobs: new Float64Array(2),
      metrics: { num_tokens: 2, num_weighted_tokens: 0 },
    });
  });

  it('adds in float64: a million small terms lose nothing', () => {
    const logprobs = floats(new Array<number>(1_000_000).fill(-0.1));
    const inputs = { target_tokens: integers(new Array<number>(1_000_000).fill(1)) };
    // A float32 sum is off by 1e-3 here; the exact one is a million times the float32 number nearest to 0.1.
    expect(loss.compute(logprobs, inputs).loss).toBeCloseTo(Math.fround(0.1) * 1e6, 4);
  });
});
