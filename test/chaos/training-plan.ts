import { SeededRandom } from './seeded-random.js';
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
  /** Back to right after the optimiser step of this step of the plan; 0 = to what a branch began with. */
  | { readonly kind: 'rewind'; readonly to: number }
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

/** Another adapter that a client makes of its own and trains beside it. */
export interface PlannedBranch {
  /** A fork, or an import of what the client exports. */
  readonly kind: 'fork' | 'import';
  /** Of a fork: the step of the plan after which they part; null = now. */
  readonly from: number | null;
  readonly plan: TrainingPlan;
}

/** How long a branch is trained, and what becomes of it then. 'replaced' = it is forked, and deleted at once. */
interface Life {
  readonly steps: number;
  readonly ending: 'kept' | 'deleted' | 'replaced';
}

/** How far back rewinds and forks go, in steps. */
const REACH = 20;

/** What one client does, step by step. The same random numbers give the same plan. */
export class TrainingPlan {
  private step = 0;
  private readonly saved: string[] = [];
  /** One branch at a time, not counting what replaces it. */
  private branchUntil = 0;

  constructor(
    private readonly random: SeededRandom,
    /** null: it is trained until the end of the run, and has branches. */
    private readonly life: Life | null = null,
  ) {}

  nextStep(): Burst[] {
    this.step++;
    return [this.trainingBurst(), this.restoringBurst()].filter((burst) => burst.length > 0);
  }

  /** What is to be branched off after this step. */
  nextBranch(): PlannedBranch | null {
    const { random } = this;
    if (this.life !== null || this.step < this.branchUntil || !random.chance(0.15)) return null;
    const ending = random.pick(['kept', 'deleted', 'replaced'] as const);
    const life = { steps: random.whole(2, 4), ending };
    this.branchUntil = this.step + life.steps;
    if (random.chance(0.3)) return { kind: 'import', from: null, plan: this.branchPlan(life) };
    return { kind: 'fork', from: random.chance(0.5) ? null : this.earlierStep(), plan: this.branchPlan(life) };
  }

  get isOver(): boolean {
    return this.step === this.life?.steps;
  }

  get isDeletedAtItsEnd(): boolean {
    return this.life !== null && this.life.ending !== 'kept';
  }

  /** The fork that lives on when a branch is over. */
  heir(): PlannedBranch | null {
    if (this.life?.ending !== 'replaced') return null;
    return { kind: 'fork', from: null, plan: this.branchPlan({ steps: this.random.whole(1, 3), ending: 'kept' }) };
  }

  lastStep(): Burst[] {
    return [[{ kind: 'save_weights', name: 'final' }]];
  }

  private branchPlan(life: Life): TrainingPlan {
    return new TrainingPlan(new SeededRandom(`branch ${this.random.whole(0, 1e9)}`), life);
  }

  /** A step of the plan that the adapter may be taken back to. */
  private earlierStep(): number {
    return this.random.whole(Math.max(this.life === null ? 1 : 0, this.step - REACH), this.step);
  }

  private trainingBurst(): PlannedOperation[] {
    const { random } = this;
    const burst: PlannedOperation[] = [this.pass('forward_backward')];
    if (random.chance(0.3)) burst.push(this.pass('forward_backward'));
    burst.push({ kind: 'optim_step', learningRate: random.whole(1, 40) / 1000 });
    if (random.chance(0.3)) burst.push(this.pass('forward'));
    if (random.chance(0.5)) burst.push(this.sample(null));
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
    // What follows is sent before the rewind is done.
    if (random.chance(0.12)) burst.push({ kind: 'rewind', to: this.earlierStep() }, this.pass('forward'));
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
