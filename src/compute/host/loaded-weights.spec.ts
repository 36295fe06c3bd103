import { expect, it } from 'vitest';
import { LoadedWeights } from './loaded-weights.js';

const of = (bytes: number) => ({ baseModel: 'm', bytes });

it('lets those go that were not used for longest, once there are too many bytes', () => {
  const weights = new LoadedWeights(10);
  expect(weights.add('a', of(4))).toEqual([]);
  expect(weights.add('b', of(4))).toEqual([]);
  expect(weights.use('a')).toEqual(of(4));
  expect(weights.add('c', of(4))).toEqual(['b']);
  expect(() => weights.use('b')).toThrow(expect.objectContaining({ code: 'weights_unknown' }));
  expect(weights.add('d', of(8))).toEqual(['a', 'c']);
});

it('keeps the new ones even where they alone are too many, and counts replaced ones once', () => {
  const weights = new LoadedWeights(10);
  expect(weights.add('a', of(11))).toEqual([]);
  expect(weights.use('a').bytes).toBe(11);
  expect(weights.add('a', of(6))).toEqual([]);
  expect(weights.add('b', of(4))).toEqual([]);
  weights.delete('a');
  expect(() => weights.use('a')).toThrow(/no sampler weights 'a'/);
});
