import { type LossConfigKey, type LossInputSpec } from '../loss-function.js';
import { type Elementwise } from './elementwise.js';
import { type Span } from './expression-tree.js';
import { type Reduction } from './reductions.js';

/**
 * How many numbers a value has: 'one' for the batch, one per 'datum', one per 'token' (of those that count; with K
 * targets per position, K of them).
 */
export type Shape = 'one' | 'datum' | 'token';

export type Operation =
  | { readonly kind: 'constant'; readonly value: number }
  /** The model's log-probs of the targets: what the gradient is taken with respect to. */
  | { readonly kind: 'target_logprobs' }
  | { readonly kind: 'input'; readonly input: LossInputSpec }
  | { readonly kind: 'given'; readonly input: LossInputSpec }
  | { readonly kind: 'config'; readonly name: string }
  | { readonly kind: 'count'; readonly of: 'token' | 'position' | 'datum' }
  | { readonly kind: 'elementwise'; readonly function: Elementwise }
  | { readonly kind: 'reduce'; readonly function: Reduction; readonly over: 'all' | 'datum' }
  /** Inputs: the values of datums, and the number that is the same for all datums of a group. */
  | { readonly kind: 'group'; readonly function: Reduction }
  | { readonly kind: 'stop_gradient' };

/** A step of a loss: a value computed from earlier ones. */
export interface Step {
  readonly operation: Operation;
  readonly inputs: readonly number[];
  readonly shape: Shape;
  readonly type: 'number' | 'condition';
  /** Does it depend on target_logprobs? */
  readonly hasGradient: boolean;
  /** Where it is written, for errors while it runs. */
  readonly origin: { readonly field: string; readonly source: string; readonly span: Span };
}

/** A checked loss: steps in an order in which each has its inputs before it. */
export interface LossProgram {
  readonly steps: readonly Step[];
  /** The steps with these results. */
  readonly loss: number;
  readonly mask: number | null;
  readonly metrics: ReadonlyMap<string, number>;
  readonly inputs: readonly LossInputSpec[];
  readonly config: readonly LossConfigKey[];
}
