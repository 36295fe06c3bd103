import { expect, it } from 'vitest';
import { DistributionCounter } from './distribution.js';

it('counts a value in the first range whose bound it does not exceed', () => {
  const counter = new DistributionCounter([1, 10]);
  for (const value of [0, 1, 1.5, 10, 11, 1e9]) counter.add(value);
  expect(counter.distribution).toEqual({ bounds: [1, 10], counts: [2, 2, 2], sum: 1e9 + 23.5 });
});

it('gives copies that later values leave as they are', () => {
  const counter = new DistributionCounter([1]);
  const before = counter.distribution;
  counter.add(1);
  expect(before).toEqual({ bounds: [1], counts: [0, 0], sum: 0 });
});
