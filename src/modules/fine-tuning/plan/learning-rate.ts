import { type TrainingSettings } from './training-settings.js';

type RateSettings = Pick<TrainingSettings, 'learningRate' | 'schedule' | 'warmupSteps'>;

/**
 * The rate of step `step` (from 0) of `steps`, as in the schedules of transformers: it rises in a line over the warm-up
 * steps, then stays, or falls to 0 after the last step in a line or by half a cosine.
 */
export function learningRateAt(step: number, steps: number, settings: RateSettings): number {
  const { learningRate, schedule, warmupSteps } = settings;
  if (step < warmupSteps) return (learningRate * step) / Math.max(1, warmupSteps);
  const done = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
  switch (schedule) {
    case 'constant':
      return learningRate;
    case 'linear':
      return learningRate * (1 - done);
    case 'cosine':
      return learningRate * 0.5 * (1 + Math.cos(Math.PI * done));
  }
}
