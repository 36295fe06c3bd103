import { expect, it } from 'vitest';
import { type JobMetrics } from '../service/client.js';
import { Pace } from './pace.js';

const row = (step: number, created_at: number): JobMetrics => ({
  id: step,
  kind: 'step',
  step,
  created_at,
  total_steps: 10,
  epoch: 1,
  tokens: 100,
});

it('measures by the clock of the server, once a second has passed', () => {
  const pace = new Pace();
  for (const one of [row(1, 50), row(2, 50)]) pace.add(one);
  expect(pace.speed).toBeUndefined();
  for (const one of [row(3, 51), row(4, 52)]) pace.add(one);
  expect(pace.speed).toEqual({ tokensPerSecond: 150, secondsLeft: 4 });
});
