import { type RaggedTensor, type TensorData } from './ragged-tensor.js';

/**
 * What one forward or forward_backward works on: for every datum N input tokens and, aligned with them, the inputs of
 * the loss. `target_tokens[t]` is the token to be predicted after reading tokens 0..t (the next-token shift has been
 * made by whoever built the batch).
 */
export interface DatumBatch {
  readonly tokens: RaggedTensor<Int32Array>;
  /** By name: target_tokens (Int32, [N] or [N, K]), weights, logprobs, advantages, ... (Float32). */
  readonly lossInputs: Readonly<Record<string, RaggedTensor>>;
}

/** All arrays of a batch, for moving them to another thread. */
export function batchArrays({ tokens, lossInputs }: DatumBatch): (TensorData | Int32Array)[] {
  return [tokens, ...Object.values(lossInputs)].flatMap(({ data, offsets }) => [data, offsets]);
}

/**
 * Which positions need a log-prob in the result. 'weighted' leaves out positions whose weight (or, without weights,
 * whose advantage) is zero: they are not computed at all and come back as NaN.
 */
export type LogprobScope = 'all' | 'weighted';
