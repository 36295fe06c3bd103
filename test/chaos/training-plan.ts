import { type SeededRandom } from './seeded-random.js';
import { TOKENS } from './small-model.js';

export interface PlannedDatum {
  readonly tokens: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
}

export type PlannedOperation =
  | { readonly kind: 'forward' | 'forward_backward'; readonly datums: readonly PlannedDatum[] }
  | { readonly kind: 'optim_step'; readonly learningRate: number }
  | { readonly kind: 'save_weights' | 'save_weights_for_sampler'; readonly name: string }
  | { readonly kind: 'load_weights'; readonly name: string; readonly optimizer: boolean }
  | { readonly kind: 'unload' }
  | {
      readonly kind: 'sample';
      /** A sampler snapshot; null = what the client's API samples from without one. */
      readonly snapshot: string | null;
      readonly prompt: readonly number[];
      readonly seed: number;
    };

/** Sent one after another without waiting for results, as clients that pipeline do; then all are waited for. */
export type Burst = readonly PlannedOperation[];

/** What one client does, step by step. The same random numbers give the same plan. */
export class TrainingPlan {
  private step = 0;
  private readonly saved: string[] = [];

  constructor(private readonly random: SeededRandom) {}

  nextStep(): Burst[] {
    this.step++;
    return [this.trainingBurst(), this.restoringBurst()].filter((burst) => burst.length > 0);
  }

  lastStep(): Burst[] {
    return [[{ kind: 'save_weights', name: 'final' }]];
  }

  private trainingBurst(): PlannedOperation[] {
    const { random } = this;
    const burst: PlannedOperation[] = [this.pass('forward_backward')];
    if (random.chance(0.3)) burst.push(this.pass('forward_backward'));
    burst.push({ kind: 'optim_step', learningRate: random.whole(1, 40) / 1000 });
    if (random.chance(0.3)) burst.push(this.pass('forward'));
    if (random.chance(0.3)) burst.push(this.sample(null));
    // Gradients that wait for the next step: part of what must survive.
    if (random.chance(0.2)) burst.push(this.pass('forward_backward'));
    if (random.chance(0.25)) burst.push({ kind: 'save_weights', name: this.remember(`step-${this.step}`) });
    return burst;
  }

  private restoringBurst(): PlannedOperation[] {
    const { random } = this;
    const burst: PlannedOperation[] = [];
    if (this.saved.length > 0 && random.chance(0.1)) {
      burst.push({ kind: 'load_weights', name: random.pick(this.saved), optimizer: random.chance(0.7) });
    }
    if (random.chance(0.1)) burst.push({ kind: 'unload' });
    if (random.chance(0.15)) {
      const name = `snapshot-${this.step}`;
      burst.push({ kind: 'save_weights_for_sampler', name }, this.sample(name));
    }
    return burst;
  }

  private remember(name: string): string {
    this.saved.push(name);
    return name;
  }

  private pass(kind: 'forward' | 'forward_backward'): PlannedOperation {
    return { kind, datums: Array.from({ length: this.random.whole(1, 3) }, () => this.datum()) };
  }

  private datum(): PlannedDatum {
    const tokens = this.tokens(this.random.whole(4, 20));
    const weights = tokens.map(() => (this.random.chance(0.8) ? this.random.whole(1, 8) / 8 : 0));
    return { tokens, targets: [...tokens.slice(1), this.token()], weights };
  }

  private sample(snapshot: string | null): PlannedOperation {
    const prompt = this.tokens(this.random.whole(2, 8));
    return { kind: 'sample', snapshot, prompt, seed: this.random.whole(0, 1e6) };
  }

  private tokens(length: number): number[] {
    return Array.from({ length }, () => this.token());
  }

  private token(): number {
    return this.random.whole(TOKENS.first, TOKENS.last);
  }
}
