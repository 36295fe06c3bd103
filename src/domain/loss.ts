import { type LossDefinition } from './loss-definition.js';
import { type RaggedTensor } from './ragged-tensor.js';

/** Which loss: a built-in or a plugin by its name, or one that a client wrote, with its formulas. */
export interface LossReference {
  readonly name: string;
  /** All of a written loss, so that whoever computes it looks nothing up and a replay uses the very same formulas. */
  readonly definition?: LossDefinition;
  /** Which of the versions registered under the name it is. */
  readonly version?: number;
  /** Digest of a plugin's file, so that a replay notices another one; the oldest requests lack it. */
  readonly plugin?: string;
}

/** A loss with the client's config values (checked against the loss's own keys). */
export interface LossSpec extends LossReference {
  readonly config: Readonly<Record<string, number>>;
}

/**
 * What a loss gives back. Losses are sums over tokens and datums, never means, and see only log-probs; the engine turns
 * dLogprobs into gradients of the adapter.
 */
export interface LossResult {
  readonly loss: number;
  /** dLoss/dlogprob for every log-prob given, float64 like all loss arithmetic, in the same order. */
  readonly dLogprobs: Float64Array;
  /** Plain names (mean_nll, clip_fraction, ...). */
  readonly metrics: Readonly<Record<string, number>>;
}

export type LossInputs = Readonly<Record<string, RaggedTensor>>;

/**
 * dLoss/dlogprob as data, for an engine that computes it inside its graph. With l = logprob, q = inputs.logprobs,
 * A = inputs.advantages, w = inputs.weights (1 where left out), r = exp(l - q):
 * - weights:       c = -w
 * - ratio:         c = -w r A, but 0 where (A > 0 and r > high) or (A < 0 and r < low)
 * - clipped_ratio: c = -w min(max(r, low), high) A
 * - dro:           c = -w (A - beta (l - q))
 * c is 0 wherever activePositions says 0. Thresholds that don't apply are +-NO_LIMIT.
 */
export interface FusedTerms {
  readonly policy: 'weights' | 'ratio' | 'clipped_ratio' | 'dro';
  readonly low: number;
  readonly high: number;
  readonly beta: number;
}
