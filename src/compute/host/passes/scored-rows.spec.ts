import { describe, expect, it } from 'vitest';
import { floats, integers, widened } from '../../../../test/support/models/ragged-builders.js';
import { gatherRows, scatterRows, scoredPositions } from './scored-rows.js';

describe('rows of a run', () => {
  it('are the scored positions of its datums, in the order of the datums', () => {
    const tokens = integers([10, 11], [20, 21, 22], [30]);
    expect(scoredPositions(tokens, Uint8Array.of(1, 0, 1, 0, 1, 1), [1, 2, 0])).toEqual([2, 4, 5, 0]);
  });

  it('with several targets each go out and come back to where they belong', () => {
    const positions = [2, 0];
    expect(gatherRows(Float64Array.of(1, 2, 3, 4, 5, 6), 2, positions)).toEqual(Float32Array.of(5, 6, 1, 2));
    const into = widened(floats([NaN, NaN], [NaN, NaN, NaN, NaN]), 2);
    scatterRows(Float32Array.of(-5, -6, -1, -2), positions, into);
    expect([...into.data]).toEqual([-1, -2, NaN, NaN, -5, -6]);
  });

  it('are 0 where they do not count', () => {
    expect(gatherRows([7, 8, 9], 1, [0, 1, 2], Uint8Array.of(1, 0, 1))).toEqual(Float32Array.of(7, 0, 9));
  });
});
