import { type RaggedTensor } from './ragged-tensor.js';

/** A loss by name with the client's config values (checked against the loss's own keys). */
export interface LossSpec {
  readonly name: string;
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
