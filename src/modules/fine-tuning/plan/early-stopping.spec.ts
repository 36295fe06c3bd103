import { expect, it } from 'vitest';
import { bestEpoch, hasStopped } from './early-stopping.js';

it('finds the first epoch with the lowest loss', () => {
  expect(bestEpoch([])).toBe(0);
  expect(bestEpoch([3, 1, 2, 1])).toBe(2);
});

it.each([
  [[], 1, false],
  [[3, 2, 1], 1, false],
  [[3, 2, 2], 1, true],
  [[3, 2, 2.5], 2, false],
  [[3, 2, 2.5, 2.1], 2, true],
  [[3, 4, 5, 6], null, false],
])('%j with a patience of %j: %j', (losses, patience, expected) => {
  expect(hasStopped(losses, patience)).toBe(expected);
});
