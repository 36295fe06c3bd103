import { describe, expect, it } from 'vitest';
import { type AdapterTensors } from '../../domain/adapter/adapter-state.js';
import { type AdamParams, DEFAULT_ADAM } from '../../domain/adapter/adam-params.js';
import { adamwStep, type OptimizerState } from './adamw.js';

const PLAIN: AdamParams = { ...DEFAULT_ADAM, learningRate: 0.1, weightDecay: 0 };

function tensors(values: Record<string, number[]>): AdapterTensors {
  const entries = Object.entries(values);
  return new Map(entries.map(([name, data]) => [name, { shape: [data.length], data: Float32Array.from(data) }]));
}

function fresh(values: Record<string, number[]>): OptimizerState {
  return { weights: tensors(values), moments: { m: new Map(), v: new Map() }, step: 0 };
}

const numbersOf = (state: OptimizerState, name: string) => [...state.weights.get(name)!.data];

describe('adamwStep', () => {
  it('makes a first step of the learning rate against the sign of the gradient', () => {
    const { state } = adamwStep(fresh({ a: [1, 1, 1] }), tensors({ a: [4, -0.001, 0] }), PLAIN);
    expect(state.step).toBe(1);
    const [down, up, same] = numbersOf(state, 'a');
    expect(down).toBeCloseTo(0.9, 6);
    expect(up).toBeCloseTo(1.1, 5); // eps 1e-8 against a gradient of 1e-3: 1e-5 of the step
    expect(same).toBe(1);
  });

  it('decays weights apart from the gradient', () => {
    const { state } = adamwStep(fresh({ a: [2] }), tensors({ a: [0] }), { ...PLAIN, weightDecay: 0.5 });
    expect(numbersOf(state, 'a')[0]).toBeCloseTo(2 * (1 - 0.1 * 0.5), 6);
  });

  it('reports norms over all tensors: gradients before clipping, the change, the new weights', () => {
    const before = fresh({ a: [1, 2], b: [3] });
    const result = adamwStep(before, tensors({ a: [3, 0], b: [4] }), { ...PLAIN, gradClipNorm: 0.5 });
    expect(result.gradNorm).toBe(5);
    expect(result.updateNorm).toBeCloseTo(Math.hypot(0.1, 0.1), 6);
    expect(result.weightNorm).toBeCloseTo(Math.hypot(0.9, 2, 2.9), 6);
  });

  it('clips by the norm over all tensors, and not below it', () => {
    const gradients = tensors({ a: [3, 0], b: [4] });
    const secondMoment = (gradClipNorm: number) =>
      adamwStep(fresh({ a: [1, 2], b: [3] }), gradients, { ...PLAIN, gradClipNorm }).state.moments.v.get('b')!.data[0]!;
    expect(secondMoment(0)).toBeCloseTo(0.001 * 16, 7);
    expect(secondMoment(10)).toBe(secondMoment(0));
    expect(secondMoment(0.5)).toBeCloseTo(0.001 * 0.4 ** 2, 9);
  });

  it('leaves the old state and the gradients as they were', () => {
    const old = fresh({ a: [1, 2] });
    const gradients = tensors({ a: [1, -1] });
    const first = adamwStep(old, gradients, { ...PLAIN, gradClipNorm: 0.1 }).state;
    const copy = structuredClone(first);
    adamwStep(first, gradients, PLAIN);
    expect(first).toEqual(copy);
    expect(old).toEqual(fresh({ a: [1, 2] }));
    expect(gradients).toEqual(tensors({ a: [1, -1] }));
  });

  it.each([NaN, Infinity, -Infinity])('refuses a gradient with %d, naming the tensor', (bad) => {
    const state = fresh({ a: [1, 2], b: [3] });
    expect(() => adamwStep(state, tensors({ a: [1, 1], b: [bad] }), PLAIN)).toThrow(
      expect.objectContaining({
        code: 'non_finite_gradient',
        category: 'user',
        message: expect.stringContaining('gradient of b') as string,
      }) as Error,
    );
    expect(state).toEqual(fresh({ a: [1, 2], b: [3] }));
  });

  it.each<[string, number, Partial<AdamParams>, string]>([
    ['the square of a gradient overflows', 1e25, {}, 'gradients'],
    ['that square overflows, whatever the learning rate', 1e25, { learningRate: 0 }, 'gradients'],
    ['the weights overflow', 1, { learningRate: 1e39 }, 'adam_params'],
    ['0 is divided by an eps of 0', 0, { eps: 0 }, 'adam_params'],
  ])('refuses the step when %s', (_, gradient, params, fault) => {
    expect(() => adamwStep(fresh({ a: [1] }), tensors({ a: [gradient] }), { ...PLAIN, ...params })).toThrow(
      expect.objectContaining({
        code: 'non_finite_update',
        message: expect.stringContaining('make a NaN') as string,
        details: expect.objectContaining({ at_fault: fault }) as object,
      }) as Error,
    );
  });

  it('blames moments that are infinite already', () => {
    const moments = { m: tensors({ a: [1] }), v: tensors({ a: [Infinity] }) };
    const state: OptimizerState = { ...fresh({ a: [1] }), moments, step: 1 };
    expect(() => adamwStep(state, tensors({ a: [1] }), PLAIN)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ at_fault: 'state' }) as object }) as Error,
    );
  });

  it('computes the norm of gradients whose squares overflow float32', () => {
    const huge = tensors({ a: [3e30, 4e30] });
    const { gradNorm, state } = adamwStep(fresh({ a: [1, 1] }), huge, { ...PLAIN, gradClipNorm: 1 });
    expect(gradNorm / 5e30).toBeCloseTo(1, 6);
    expect(numbersOf(state, 'a')[0]).toBeCloseTo(0.9, 5);
  });

  it('needs a gradient for every weight', () => {
    expect(() => adamwStep(fresh({ a: [1], b: [1] }), tensors({ a: [1] }), PLAIN)).toThrow(/for b/);
    expect(() => adamwStep(fresh({ a: [1, 2] }), tensors({ a: [1] }), PLAIN)).toThrow(/of 2 numbers for a/);
  });
});
