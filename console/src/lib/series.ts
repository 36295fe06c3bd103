import { type Schemas } from './api.js';

export type Series = Schemas['TrainingSeriesDto'];

/** The curves that are drawn for every adapter, with the metrics that may stand for each, the first that is there. */
const CHARTS = [
  { title: 'Loss per token', metrics: ['loss_per_token', 'mean_nll', 'loss'] },
  { title: 'Gradient norm', metrics: ['grad_norm'] },
  { title: 'Log-prob drift (sampler − trainer)', metrics: ['sampler_trainer_kl'] },
  { title: 'Update norm', metrics: ['update_norm'] },
] as const;

export interface Drawn {
  readonly title: string;
  readonly metric: string;
}

/** The charts that some of the series have numbers for. */
export function drawnOf(all: readonly Series[]): Drawn[] {
  return CHARTS.flatMap(({ title, metrics }) => {
    const metric = metrics.find((name) => all.some(({ series }) => series[name] !== undefined));
    return metric === undefined ? [] : [{ title, metric }];
  });
}

/** Mean that forgets old values, for curves that jump. `weight`: of what came before, 0 to 1. */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  let mean: number | null = null;
  return values.map((value) => {
    if (value === null) return null;
    mean = mean === null ? value : weight * mean + (1 - weight) * value;
    return mean;
  });
}
