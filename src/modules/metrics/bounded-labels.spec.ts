import { expect, it } from 'vitest';
import { BoundedLabels } from './bounded-labels.js';

it('gives the first names series of their own, and keeps them', () => {
  const labels = new BoundedLabels(2);
  expect(['a', 'b', 'c', 'a', 'd'].map((name) => labels.of(name))).toEqual(['a', 'b', 'other', 'a', 'other']);
});

it('counts all names together with a limit of 0', () => {
  expect(new BoundedLabels(0).of('a')).toBe('other');
});
