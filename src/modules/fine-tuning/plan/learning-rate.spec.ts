import { expect, it } from 'vitest';
import { learningRateAt } from './learning-rate.js';
import { type Schedule } from './training-settings.js';

const ratesOf = (schedule: Schedule, warmupSteps: number) =>
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((step) => learningRateAt(step, 10, { learningRate: 2, schedule, warmupSteps }));

// transformers 5.24: get_constant_schedule_with_warmup, get_linear_schedule_with_warmup, get_cosine_schedule_with_warmup
// of torch.optim.SGD(lr=2) over 10 steps, the cosine to 6 digits.
it.each([
  ['constant', 0, [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]],
  ['constant', 4, [0, 0.5, 1, 1.5, 2, 2, 2, 2, 2, 2]],
  ['linear', 0, [2, 1.8, 1.6, 1.4, 1.2, 1, 0.8, 0.6, 0.4, 0.2]],
  ['linear', 2, [0, 1, 2, 1.75, 1.5, 1.25, 1, 0.75, 0.5, 0.25]],
  ['cosine', 2, [0, 1, 2, 1.92388, 1.707107, 1.382683, 1, 0.617317, 0.292893, 0.07612]],
] as const)('%s with %i steps of warm-up is as in transformers', (schedule, warmup, expected) => {
  ratesOf(schedule, warmup).forEach((rate, step) => expect(rate).toBeCloseTo(expected[step]!, 6));
});
