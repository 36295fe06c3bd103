import { expect, it } from 'vitest';
import { lossChart } from './loss-chart.js';

const points = (count: number) => Array.from({ length: count }, (_, i) => ({ step: i + 1, loss: 4 / (i + 1) }));

it('draws a curve that fits the terminal', () => {
  const chart = lossChart(points(500), 60);
  expect(chart).toContain('loss by step');
  for (const line of chart.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
});

it('draws nothing of a single step, and leaves numbers out that are not finite', () => {
  expect(lossChart(points(1), 80)).toBe('');
  expect(lossChart([{ step: 1, loss: NaN }, ...points(1)], 80)).toBe('');
});
