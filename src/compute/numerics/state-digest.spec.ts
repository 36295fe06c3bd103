import { describe, expect, it } from 'vitest';
import { type AdapterState, type AdapterTensors } from '../../domain/adapter/adapter-state.js';
import { stateDigest } from './state-digest.js';

const tensors = (...entries: [string, number[]][]): AdapterTensors =>
  new Map(entries.map(([name, data]) => [name, { shape: [1, data.length], data: Float32Array.from(data) }]));

const STATE: AdapterState = {
  weights: tensors(['a', [1, 2]], ['b', [3]]),
  moments: { m: tensors(['a', [0, 1]], ['b', [2]]), v: tensors(['a', [4, 5]], ['b', [6]]) },
  step: 3,
  gradients: null,
  passes: 7,
  gradientPasses: 0,
};

describe('stateDigest', () => {
  it('is the same for equal states, whatever the order of their tensors and the memory they lie in', async () => {
    const shared = new Float32Array([9, 1, 2, 9]);
    const weights = new Map([
      ['b', { shape: [1, 1], data: Float32Array.of(3) }],
      ['a', { shape: [1, 2], data: shared.subarray(1, 3) }],
    ]);
    expect(await stateDigest({ ...STATE, weights })).toBe(await stateDigest(STATE));
  });

  // Written in rows, so its value must not change: computed from the definition of XXH64 in Python.
  it('has a value that stays', async () => {
    expect(await stateDigest(STATE)).toBe('xxh64:b60206b07d4d939d');
  });

  it.each<[string, Partial<AdapterState>]>([
    ['one bit of a weight', { weights: tensors(['a', [1, 2.0000002]], ['b', [3]]) }],
    ['a name', { weights: tensors(['a', [1, 2]], ['c', [3]]) }],
    ['a sign of zero', { moments: { ...STATE.moments, m: tensors(['a', [-0, 1]], ['b', [2]]) } }],
    ['moments that are swapped', { moments: { m: STATE.moments.v, v: STATE.moments.m } }],
    ['no moments', { moments: { m: new Map(), v: new Map() } }],
    ['the step', { step: 4 }],
    ['gradients', { gradients: tensors(['a', [0, 0]], ['b', [0]]) }],
  ])('differs by %s', async (_what, change) => {
    expect(await stateDigest({ ...STATE, ...change })).not.toBe(await stateDigest(STATE));
  });

  it('does not depend on how many passes led to the state', async () => {
    expect(await stateDigest({ ...STATE, passes: 8 })).toBe(await stateDigest(STATE));
  });
});
