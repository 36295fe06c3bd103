import { describe, expect, it } from 'vitest';
import { REDUCTIONS } from './reductions.js';

const ONE = (count: number) => ({ of: new Int32Array(count), count: 1, ofNothing: 0 });
const reduce = (name: string, ...values: number[]) =>
  REDUCTIONS.get(name)!.compute(Float64Array.from(values), ONE(values.length))[0];

describe('reductions', () => {
  it.each(['min', 'max', 'sum', 'mean', 'logsumexp'])('%s of a NaN is NaN, wherever it stands', (name) => {
    expect(reduce(name, Number.NaN, 1, 2)).toBeNaN();
    expect(reduce(name, 1, Number.NaN, 2)).toBeNaN();
    expect(reduce(name, 1, 2, Number.NaN)).toBeNaN();
  });

  it('logsumexp takes infinities and what exp cannot hold', () => {
    expect(reduce('logsumexp', -Infinity, -Infinity)).toBe(-Infinity);
    expect(reduce('logsumexp', 0, Infinity)).toBe(Infinity);
    expect(reduce('logsumexp', 1000, 1000)).toBeCloseTo(1000 + Math.log(2), 12);
    expect(reduce('logsumexp', -1000, -Infinity)).toBe(-1000);
  });

  it('what is equally extreme shares the gradient', () => {
    const values = Float64Array.of(3, 1, 3);
    const adjoint = new Float64Array(3);
    REDUCTIONS.get('max')!.backward(values, ONE(3), Float64Array.of(3), Float64Array.of(4), adjoint);
    expect([...adjoint]).toEqual([2, 0, 2]);
  });
});
