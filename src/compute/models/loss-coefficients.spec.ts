import { describe, expect, it } from 'vitest';
import { interpret, type Numbers } from '../../../test/support/engines/graph-interpreter.js';
import { floats, integers, widened } from '../../../test/support/models/ragged-builders.js';
import { type LossInputs } from '../../domain/loss.js';
import { builtInLosses, LossRegistry } from '../../losses/loss-registry.js';
import { Graph } from '../graph/graph.js';
import { Operations } from '../graph/operations.js';
import { extractProgram } from '../graph/program.js';
import { termValues } from '../local/passes/run-feeds.js';
import { RandomStream } from '../numerics/random.js';
import { LOSS_INPUTS, lossCoefficients } from './loss-coefficients.js';

/*
 * Every built-in loss has its gradient twice: dLogprobs in src/losses and the coefficients of the fused graph.
 * Both are evaluated in float64 here, so they must agree to rounding.
 */
const registry = new LossRegistry();
const COUNT = 400;

/** Uniform in [low, high), from a label, in float32 as requests carry them. */
function uniform(label: string, low: number, high: number): number[] {
  const values = new Float32Array(COUNT);
  new RandomStream(7, label).fillUniform(values);
  return Array.from(values, (value) => Math.fround(low + (high - low) * value));
}

/** Ratios from exp(-3) to exp(3) under advantages of both signs, with zeros: every branch of every loss. */
const L = uniform('logprobs', -4, -1);
const Q = uniform('sampler', -4, -1);
const A = uniform('advantages', -2, 2).map((value, i) => (i % 9 === 0 ? 0 : value));
const W = uniform('weights', -1, 2).map((value, i) => (i % 7 === 0 ? 0 : value));
const policyInputs: LossInputs = {
  target_tokens: integers(L.map(() => 1)),
  logprobs: floats(Q),
  advantages: floats(A),
  weights: floats(W),
};

function coefficients(name: string, config: Record<string, number>, given: Record<string, readonly number[]>, width = 1) {
  const ops = new Operations(new Graph());
  const logprobs = ops.graph.input('l', 'f32', ['N', 'K']);
  const program = extractProgram(new Map([['c', lossCoefficients(ops, logprobs)]]));
  const terms = registry.get(name).fusedTerms(registry.resolveConfig(registry.get(name), config))!;
  const rows = (data: readonly number[]): Numbers => ({ shape: [data.length / width, width], data });
  const count = Object.values(given)[0]!.length / width;
  const scalars = termValues(terms).map(([key, value]): [string, Numbers] => [
    key,
    { shape: [count, 1], data: new Array<number>(count).fill(value) },
  ]);
  const feeds = new Map([...scalars, ...Object.entries(given).map(([key, data]): [string, Numbers] => [key, rows(data)])]);
  return interpret(program, feeds).get('c')!.data;
}

const CASES: [name: string, config: Record<string, number>][] = [
  ['cross_entropy', {}],
  ['importance_sampling', {}],
  ['ppo', {}],
  ['ppo', { clip_low_threshold: 0.5, clip_high_threshold: 0.5 }],
  ['ppo', { clip_low_threshold: 0, clip_high_threshold: 1e30 }],
  ['cispo', {}],
  ['cispo', { clip_low_threshold: 0.9, clip_high_threshold: 1.1 }],
  ['dro', {}],
  ['dro', { beta: 0.7 }],
];

describe.each(CASES)('coefficients of %s %o', (name, config) => {
  const result = registry.get(name).compute(floats(L), policyInputs, registry.resolveConfig(registry.get(name), config));

  it('are dLoss/dlogprob of the loss', () => {
    const found = coefficients(name, config, {
      l: L,
      [LOSS_INPUTS.weights]: W,
      [LOSS_INPUTS.samplerLogprobs]: Q,
      [LOSS_INPUTS.advantages]: A,
    });
    // Thresholds are fed in float32, so cispo's clipped ratios are off by one rounding of it.
    result.dLogprobs.forEach((value, i) => expect(Math.abs(found[i]! - value), `position ${i}`).toBeLessThan(1e-6));
  });

  it('meet both sides of the thresholds and both signs', () => {
    const some = (wanted: (ratio: number, a: number) => boolean) =>
      L.some((l, i) => W[i] !== 0 && wanted(Math.exp(l - Q[i]!), A[i]!));
    expect(some((ratio, a) => ratio > 4 && a > 0)).toBe(true);
    expect(some((ratio, a) => ratio > 4 && a < 0)).toBe(true);
    expect(some((ratio, a) => ratio < 0.5 && a > 0)).toBe(true);
    expect(some((ratio, a) => ratio < 0.5 && a < 0)).toBe(true);
  });
});

it('covers every built-in loss that the graph computes', () => {
  const fused = builtInLosses().filter((loss) => loss.fusedTerms(registry.resolveConfig(loss)) !== null);
  expect([...new Set(CASES.map(([name]) => name))].sort()).toEqual(fused.map(({ metadata }) => metadata.name).sort());
});

it('serves several targets per position', () => {
  const weights = floats(W);
  const inputs = { target_tokens: widened(integers(L.map(() => 1)), 4), weights: widened(weights, 4) };
  const { dLogprobs } = registry.get('cross_entropy').compute(widened(floats(L), 4), inputs, {});
  const zeros = L.map(() => 0);
  const given = { l: L, [LOSS_INPUTS.weights]: W, [LOSS_INPUTS.samplerLogprobs]: zeros, [LOSS_INPUTS.advantages]: zeros };
  // + 0: a weight of 0 gives -0 on one side
  expect(coefficients('cross_entropy', {}, given, 4).map((c) => c + 0)).toEqual([...dLogprobs].map((c) => c + 0));
});
