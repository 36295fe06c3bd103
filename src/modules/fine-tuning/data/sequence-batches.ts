import { type DatumBatch } from '../../../domain/datum-batch.js';
import { datumValues, offsetsOf, type RaggedTensor } from '../../../domain/ragged-tensor.js';
import { targetWeight, type TrainedSequence } from './example-tokens.js';

/** For cross_entropy: the loss is the mean over the batch's targets by their weights. */
export function meanBatch(sequences: readonly TrainedSequence[]): DatumBatch {
  const total = sequences.reduce((sum, sequence) => sum + targetWeight(sequence), 0);
  return batchOf(sequences, total > 0 ? Math.fround(1 / total) : 0);
}

/** With the weights as they are. */
export function plainBatch(sequences: readonly TrainedSequence[]): DatumBatch {
  return batchOf(sequences, 1);
}

/**
 * For the loss `pairwise_dpo`: preferred and rejected sequences take turns.
 * @param reference log-probs of the targets under the base model; NaN where a target does not count
 */
export function preferenceBatch(
  sequences: readonly TrainedSequence[],
  reference: RaggedTensor<Float32Array>,
): DatumBatch {
  const batch = plainBatch(sequences);
  const referenceLogprobs = {
    ...reference,
    data: reference.data.map((logprob) => (Number.isNaN(logprob) ? 0 : logprob)),
  };
  const lossInputs = {
    ...batch.lossInputs,
    reference_logprobs: referenceLogprobs,
    pair: perDatum(sequences, (i) => Math.floor(i / 2)),
    chosen: perDatum(sequences, (i) => (i % 2 === 0 ? 1 : 0)),
  };
  return { ...batch, lossInputs };
}

/** Shifted for next-token prediction: T tokens are T - 1 inputs and T - 1 targets. */
function batchOf(sequences: readonly TrainedSequence[], factor: number): DatumBatch {
  const lengths = sequences.map(({ tokens }) => tokens.length - 1);
  const offsets = offsetsOf(lengths);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const tokens: RaggedTensor<Int32Array> = { data: new Int32Array(total), offsets, trailingShape: [] };
  const targets = { ...tokens, data: new Int32Array(tokens.data.length) };
  const weights = { ...tokens, data: new Float32Array(tokens.data.length) };
  sequences.forEach((sequence, i) => {
    datumValues(tokens, i).set(sequence.tokens.subarray(0, -1));
    datumValues(targets, i).set(sequence.tokens.subarray(1));
    datumValues(weights, i).set(sequence.weights.subarray(1).map((weight) => factor * weight));
  });
  return { tokens, lossInputs: { target_tokens: targets, weights } };
}

function perDatum(sequences: readonly TrainedSequence[], value: (i: number) => number): RaggedTensor<Float32Array> {
  return {
    data: Float32Array.from(sequences, (_, i) => value(i)),
    offsets: offsetsOf(sequences.map(() => 1)),
    trailingShape: [],
  };
}
