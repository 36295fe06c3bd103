import { describe, expect, it } from 'vitest';
import { floats, integers } from '../../../test/support/models/ragged-builders.js';
import { type FusedTerms, type LossInputs } from '../../domain/loss.js';
import { LossRegistry } from '../loss-registry.js';

const registry = new LossRegistry();
const POLICY_LOSSES = ['importance_sampling', 'ppo', 'cispo', 'dro'] as const;

/** Ratios 0.5, 0.9, 1.1, 1.5, 5 under advantages of both signs, so that every branch of every loss is taken. */
const RATIOS = [0.5, 0.9, 1.1, 1.5, 5];
const SAMPLED = [...RATIOS, ...RATIOS].map(() => -2);
const CURRENT = [...RATIOS, ...RATIOS].map((ratio) => -2 + Math.log(ratio));
const ADVANTAGES = [...RATIOS.map(() => 1.5), ...RATIOS.map(() => -0.5)];

function inputsOf(weights?: number[], advantages = ADVANTAGES, sampled = SAMPLED): LossInputs {
  const target_tokens = integers(sampled.map(() => 7));
  const inputs = { target_tokens, logprobs: floats(sampled), advantages: floats(advantages) };
  return weights ? { ...inputs, weights: floats(weights) } : inputs;
}

function evaluate(name: string, logprobs: number[], inputs: LossInputs, config = {}) {
  const result = registry
    .get(name)
    .compute(floats(logprobs), inputs, registry.resolveConfig(registry.get(name), config));
  return { ...result, dLogprobs: [...result.dLogprobs] };
}

describe('formulas, worked by hand', () => {
  const one = (name: string, ratio: number, advantage: number, config = {}) => {
    // l is exact in float32, and q is chosen so that exp(l - q) is the ratio to float32 rounding.
    const { loss, dLogprobs } = evaluate(name, [-1], inputsOf(undefined, [advantage], [-1 - Math.log(ratio)]), config);
    return [loss, dLogprobs[0]!];
  };
  const close = (actual: number[], expected: number[]) =>
    actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));

  it('importance_sampling: loss and gradient are -r A', () => {
    close(one('importance_sampling', 3, 2), [-6, -6]);
    close(one('importance_sampling', 3, -2), [6, 6]);
  });

  it('ppo: stops where the ratio has left its bound in the direction of the advantage', () => {
    close(one('ppo', 1.1, 2), [-2.2, -2.2]);
    close(one('ppo', 1.5, 2), [-2.4, 0]);
    close(one('ppo', 0.5, 2), [-1, -1]);
    close(one('ppo', 0.5, -2), [1.6, 0]);
    close(one('ppo', 1.5, -2), [3, 3]);
    close(one('ppo', 1.5, 2, { clip_high_threshold: 1.6 }), [-3, -3]);
    close(one('ppo', 0.5, -2, { clip_low_threshold: 0.4 }), [1, 1]);
  });

  it('cispo: clips the weight but keeps the gradient', () => {
    close(one('cispo', 1.5, 2), [3, -3]);
    close(one('cispo', 5, 2), [8, -8]);
    close(one('cispo', 0.5, -2, { clip_low_threshold: 0.8 }), [-1.6, 1.6]);
  });

  it('dro: pulls the log-prob back to the sampler', () => {
    close(one('dro', Math.exp(0.5), 2, { beta: 0.4 }), [2 + 0.2 * 0.25, -(2 - 0.4 * 0.5)]);
  });
});

const WEIGHTS = [1, 0.5, -1, 2, 0, 1, 0.25, 3, -2, 1];

describe.each(['cross_entropy', ...POLICY_LOSSES])('gradient of %s', (name) => {
  it('is what finite differences give', () => {
    const config = name === 'ppo' || name === 'cispo' ? { clip_low_threshold: 0.8, clip_high_threshold: 1.2 } : {};
    const inputs = inputsOf(WEIGHTS);
    // Central differences in steps that float32 log-probs represent exactly: their error is step^2 / 6 times the third
    // derivative, below 1e-6 here. cispo's weight is a constant to its gradient, so it is held fixed through q.
    const step = 2 ** -10;
    const logprobs = [...floats(CURRENT).data];
    const { dLogprobs } = evaluate(name, logprobs, inputs, config);
    logprobs.forEach((logprob, i) => {
      const at = (delta: number) => {
        const moved = logprobs.map((value, j) => (j === i ? logprob + delta : value));
        const sampled = SAMPLED.map((value, j) => (j === i && name === 'cispo' ? value + delta : value));
        return evaluate(name, moved, inputsOf(WEIGHTS, ADVANTAGES, sampled), config).loss;
      };
      expect(Math.abs((at(step) - at(-step)) / (2 * step) - dLogprobs[i]!)).toBeLessThan(1e-5);
    });
  });

  it('is the same as described to engines', () => {
    const inputs = inputsOf(WEIGHTS);
    const terms = registry.get(name).fusedTerms(registry.resolveConfig(registry.get(name)));
    const { dLogprobs } = evaluate(name, CURRENT, inputs);
    dLogprobs.forEach((value, i) => {
      const l = Math.fround(CURRENT[i]!);
      expect(value).toBeCloseTo(fusedCoefficient(terms!, l, SAMPLED[i]!, ADVANTAGES[i]!, WEIGHTS[i]!), 12);
    });
  });
});

describe.each(POLICY_LOSSES)('%s', (name) => {
  it('gives exactly 0 at weight 0, whatever the numbers there', () => {
    const inputs = inputsOf([0, 0, 0, 1], [1, NaN, 1, 1], [-1, -1, NaN, -1]);
    const broken = evaluate(name, [NaN, -1, -1, -1.25], inputs);
    const alone = evaluate(name, [-1.25], inputsOf([1], [1], [-1]));
    expect(broken.loss).toBe(alone.loss);
    expect(broken.dLogprobs).toEqual([0, 0, 0, ...alone.dLogprobs]);
    expect(broken.metrics).toEqual({ ...alone.metrics, num_tokens: 4 });
  });

  it('leaves averages out when no position counts', () => {
    const { loss, dLogprobs, metrics } = evaluate(name, [NaN, NaN], inputsOf([0, 0], [1, 1], [-1, -1]));
    expect({ loss, dLogprobs, metrics }).toEqual({
      loss: 0,
      dLogprobs: [0, 0],
      metrics: { num_tokens: 2, num_weighted_tokens: 0 },
    });
  });

  it('multiplies loss and gradient by the weight', () => {
    const plain = evaluate(name, CURRENT, inputsOf());
    const tripled = evaluate(name, CURRENT, inputsOf(SAMPLED.map(() => -3)));
    expect(tripled.loss).toBeCloseTo(-3 * plain.loss, 10);
    tripled.dLogprobs.forEach((value, i) => expect(value).toBeCloseTo(-3 * plain.dLogprobs[i]!, 12));
    expect(tripled.metrics).toEqual(plain.metrics);
  });
});

/** dLoss/dlogprob as FusedTerms documents it. */
function fusedCoefficient(terms: FusedTerms, l: number, q: number, advantage: number, weight: number): number {
  const { policy, low, high, beta } = terms;
  const ratio = Math.exp(l - q);
  if (policy === 'weights') return -weight;
  if (policy === 'clipped_ratio') return -weight * Math.min(Math.max(ratio, low), high) * advantage;
  if (policy === 'dro') return -weight * (advantage - beta * (l - q));
  return (advantage > 0 && ratio > high) || (advantage < 0 && ratio < low) ? 0 : -weight * ratio * advantage;
}

describe('positions without weights', () => {
  const inputs = inputsOf(undefined, [0, 1, -0, -2], [0, -1, 0, -2]);

  it.each(['importance_sampling', 'ppo', 'cispo'])('%s counts those with an advantage', (name) => {
    expect([...registry.get(name).activePositions(inputs)]).toEqual([0, 1, 0, 1]);
    const { loss, metrics } = evaluate(name, [NaN, -1, NaN, -2], inputs);
    expect(Number.isFinite(loss)).toBe(true);
    expect(metrics).toMatchObject({ num_tokens: 4, num_weighted_tokens: 2, mean_advantage: -0.5, mean_nll: 1.5 });
  });

  it('dro counts all: its pull does not need an advantage', () => {
    expect([...registry.get('dro').activePositions(inputs)]).toEqual([1, 1, 1, 1]);
  });
});

describe('metrics', () => {
  it('describe ratios, KL and clipping over the positions that count', () => {
    const log2 = Math.fround(Math.log(2));
    const inputs = inputsOf(undefined, [1, 2, -4, 0], [-1, -2, -1 + log2, 0]);
    const { metrics } = evaluate('ppo', [-1, -2 + log2, -1, NaN], inputs);
    const expected = {
      num_tokens: 4,
      num_weighted_tokens: 3,
      mean_advantage: -1 / 3,
      mean_ratio: (1 + 2 + 0.5) / 3,
      max_ratio: 2,
      min_ratio: 0.5,
      clip_fraction: 2 / 3,
      kl_k1: 0, // log-ratios 0, log 2, -log 2
      kl_k3: (2 - 1 - Math.log(2) + 0.5 - 1 + Math.log(2)) / 3,
      mean_nll: (1 + 2 - Math.log(2) + 1) / 3,
    };
    expect(Object.keys(metrics).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) expect(metrics[name], name).toBeCloseTo(value, 6);
  });

  it('have clip_fraction for the losses with thresholds only', () => {
    const names = POLICY_LOSSES.filter((name) => 'clip_fraction' in evaluate(name, CURRENT, inputsOf()).metrics);
    expect(names).toEqual(['ppo', 'cispo']);
  });

  it('stay finite where a ratio overflows', () => {
    const { loss, dLogprobs, metrics } = evaluate('ppo', [-1], inputsOf(undefined, [1], [-1e4]));
    expect({ loss, dLogprobs }).toEqual({ loss: -1.2, dLogprobs: [0] });
    expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
  });
});
