import { describe, expect, it } from 'vitest';
import { type Change } from './timeline.js';
import { mergePasses, thinOut, trainingSteps } from './training-series.js';

const change = (position: number, kind: Change['kind'], step: number | null = null): Change => {
  return { requestId: `future_${position}`, position, kind, step, target: null };
};

describe('trainingSteps', () => {
  it('gives each step the passes since the one before', () => {
    const timeline = [
      change(1, 'create_adapter', 0),
      change(2, 'forward_backward'),
      change(3, 'forward_backward'),
      change(4, 'optim_step', 1),
      change(5, 'forward_backward'),
      change(6, 'optim_step', 2),
    ];
    expect(trainingSteps(timeline)).toEqual([
      { step: 1, position: 4, passes: [2, 3] },
      { step: 2, position: 6, passes: [5] },
    ]);
  });

  it('forgets gradients that loaded weights have replaced', () => {
    const timeline = [change(1, 'forward_backward'), change(2, 'load_weights', 7), change(3, 'optim_step', 8)];
    expect(trainingSteps(timeline)).toEqual([{ step: 8, position: 3, passes: [] }]);
  });
});

describe('thinOut', () => {
  it('keeps everything that fits', () => {
    expect(thinOut([1, 2, 3], 3)).toEqual({ kept: [1, 2, 3], every: 1 });
    expect(thinOut([], 3)).toEqual({ kept: [], every: 1 });
  });

  it('keeps every n-th and the last', () => {
    expect(thinOut([1, 2, 3, 4, 5, 6, 7], 3)).toEqual({ kept: [1, 4, 7], every: 3 });
    expect(thinOut([1, 2, 3, 4], 3)).toEqual({ kept: [2, 4], every: 2 });
  });
});

describe('mergePasses', () => {
  it('adds sums up and weighs means by tokens', () => {
    const merged = mergePasses([
      { loss: 6, 'loss:sum': 6, num_tokens: 4, num_weighted_tokens: 3, mean_nll: 2 },
      { loss: 4, 'loss:sum': 4, num_tokens: 1, num_weighted_tokens: 1, mean_nll: 4 },
    ]);
    expect(merged).toEqual({
      loss: 10,
      'loss:sum': 10,
      num_tokens: 5,
      num_weighted_tokens: 4,
      mean_nll: 2.5,
      loss_per_token: 2.5,
    });
  });

  it('has no mean of nothing', () => {
    expect(mergePasses([])).toEqual({});
    expect(mergePasses([{ loss: 0, num_weighted_tokens: 0, mean_nll: 3 }])).toEqual({
      loss: 0,
      num_weighted_tokens: 0,
    });
  });
});
