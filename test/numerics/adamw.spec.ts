import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AdapterTensors } from '../../src/domain/adapter/adapter-state.js';
import { adamwStep, type OptimizerState } from '../../src/compute/numerics/adamw.js';

/* Six-step runs of torch.optim.AdamW with clip_grad_norm_ (test/fixtures/adamw.json, which says how it was made). */

type Numbers = Record<string, number[]>;

interface Fixture {
  readonly shapes: Numbers;
  readonly sequences: readonly {
    readonly name: string;
    readonly parameters: Numbers;
    readonly steps: readonly {
      readonly adam_params: Record<
        'learning_rate' | 'beta1' | 'beta2' | 'eps' | 'weight_decay' | 'grad_clip_norm',
        number
      >;
      readonly gradients: Numbers;
      readonly expected: { grad_norm: number; parameters: Numbers; exp_avg: Numbers; exp_avg_sq: Numbers };
    }[];
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/adamw.json', import.meta.url), 'utf8')) as Fixture;

/**
 * torch rounds to float32 (6e-8) after each of its about ten operations, we once; errors of six steps add up. Numbers
 * near 0 come from a difference of larger ones, so the error is measured against the largest of the tensor.
 */
const TOLERANCE = 1e-6;

function tensors(values: Numbers): AdapterTensors {
  const entries = Object.entries(values);
  return new Map(
    entries.map(([name, data]) => [name, { shape: fixture.shapes[name]!, data: Float32Array.from(data) }]),
  );
}

function expectClose(actual: AdapterTensors, expected: Numbers): void {
  expect([...actual.keys()]).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const scale = Math.max(...values.map(Math.abs));
    const { data, shape } = actual.get(name)!;
    expect(shape).toEqual(fixture.shapes[name]);
    values.forEach((value, i) =>
      expect(Math.abs(data[i]! - value), `${name}[${i}]`).toBeLessThanOrEqual(TOLERANCE * scale),
    );
  }
}

describe('AdamW against PyTorch', () => {
  it.each(fixture.sequences.map((sequence) => [sequence.name, sequence] as const))('%s', (_, { parameters, steps }) => {
    let state: OptimizerState = { weights: tensors(parameters), moments: { m: new Map(), v: new Map() }, step: 0 };
    for (const { adam_params: params, gradients, expected } of steps) {
      const result = adamwStep(state, tensors(gradients), {
        learningRate: params.learning_rate,
        beta1: params.beta1,
        beta2: params.beta2,
        eps: params.eps,
        weightDecay: params.weight_decay,
        gradClipNorm: params.grad_clip_norm,
      });
      const squares = Object.values(expected.parameters)
        .flat()
        .map((value) => value * value);
      expect(result.gradNorm / expected.grad_norm).toBeCloseTo(1, 6);
      expect(result.weightNorm).toBeCloseTo(Math.sqrt(squares.reduce((sum, square) => sum + square, 0)), 5);
      state = result.state;
      expectClose(state.weights, expected.parameters);
      expectClose(state.moments.m, expected.exp_avg);
      expectClose(state.moments.v, expected.exp_avg_sq);
    }
    expect(state.step).toBe(steps.length);
  });
});
