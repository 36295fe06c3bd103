import { type Change } from './timeline.js';

/** An optimiser step with the passes whose gradients it applied, by their positions in the log. */
export interface TrainingStep {
  readonly step: number;
  readonly position: number;
  readonly passes: readonly number[];
}

/** What passes and steps have measured, by name. */
export type Metrics = Readonly<Record<string, number>>;

/** The steps of a timeline, oldest first. */
export function trainingSteps(timeline: readonly Change[]): TrainingStep[] {
  const steps: TrainingStep[] = [];
  let passes: number[] = [];
  for (const { kind, position, step } of timeline) {
    if (kind === 'forward_backward') passes.push(position);
    if (kind === 'load_weights') passes = [];
    if (kind !== 'optim_step') continue;
    if (step !== null) steps.push({ step, position, passes });
    passes = [];
  }
  return steps;
}

/** Every n-th item so that at most `count` are left, the last one among them; with n. */
export function thinOut<T>(items: readonly T[], count: number): { kept: T[]; every: number } {
  const every = Math.max(1, Math.ceil(items.length / count));
  const offset = (items.length - 1) % every;
  return { kept: items.filter((_, i) => i % every === offset), every };
}

/**
 * The metrics of a step's passes as those of one: `loss` and counts are sums over the passes, all others their means by
 * weighted tokens. `loss_per_token` is the loss over the tokens that it counts.
 */
export function mergePasses(passes: readonly Metrics[]): Metrics {
  const merged: Record<string, number> = {};
  const weights: Record<string, number> = {};
  for (const pass of passes) {
    const tokens = pass['num_weighted_tokens'] ?? pass['num_tokens'] ?? 1;
    for (const [name, value] of Object.entries(pass)) {
      const weight = isSum(name) ? 1 : tokens;
      merged[name] = (merged[name] ?? 0) + value * weight;
      weights[name] = (weights[name] ?? 0) + weight;
    }
  }
  for (const name of Object.keys(merged)) {
    if (!isSum(name)) merged[name] = ratio(merged[name], weights[name]);
  }
  const perToken = ratio(merged['loss'], merged['num_weighted_tokens'] ?? merged['num_tokens']);
  const finite = Object.entries({ ...merged, loss_per_token: perToken }).filter(([, value]) => Number.isFinite(value));
  return Object.fromEntries(finite);
}

function isSum(name: string): boolean {
  return name === 'loss' || name.startsWith('num_') || name.endsWith(':sum');
}

/** NaN where there is nothing to divide by. */
function ratio(sum = NaN, count = 0): number {
  return count === 0 ? NaN : sum / count;
}
