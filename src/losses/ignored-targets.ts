import { invalid } from '../common/json/json-fields.js';
import { type DatumBatch } from '../domain/datum-batch.js';
import { type RaggedTensor, rowWidth } from '../domain/ragged-tensor.js';
import { type LossFunction, requiredInput, TARGET_TOKENS, WEIGHTS } from './loss-function.js';

/** A target that is none, as in the labels of PyTorch's cross entropy and of data made for Hugging Face. */
export const IGNORED_TARGET = -100;

/** The target that replaces it: with weight 0 it changes nothing. */
const ANY_TARGET = 0;

/**
 * The same batch with weight 0 where the target is IGNORED_TARGET, whatever weight was given, and an ordinary token as
 * the target there. The inputs have been checked.
 * @throws InvalidRequestError for a loss that cannot leave a position out by its weight
 */
export function leaveOutIgnored(loss: LossFunction, batch: DatumBatch): DatumBatch {
  const targets = requiredInput(batch.lossInputs, TARGET_TOKENS.name);
  const first = targets.data.indexOf(IGNORED_TARGET);
  if (first < 0) return batch;
  const weighted = loss.metadata.inputs.some(({ name, per }) => name === WEIGHTS.name && per !== 'datum');
  if (!weighted) throw cannotIgnore(loss, targets, first);
  const data = targets.data.map((id) => (id === IGNORED_TARGET ? ANY_TARGET : id));
  const filled = { ...batch.lossInputs, [TARGET_TOKENS.name]: { ...targets, data } };
  const weights = batch.lossInputs[WEIGHTS.name]?.data.slice() ?? defaultWeights(loss, filled, targets);
  targets.data.forEach((id, i) => {
    if (id === IGNORED_TARGET) weights[i] = 0;
  });
  const lossInputs = { ...filled, [WEIGHTS.name]: { ...targets, data: weights } };
  const counted = loss.activePositions(lossInputs).findIndex((active, row) => active !== 0 && isIgnored(targets, row));
  if (counted >= 0) throw cannotIgnore(loss, targets, counted * rowWidth(targets));
  return { ...batch, lossInputs };
}

/** Weights that count what the loss counts without any. */
function defaultWeights(loss: LossFunction, inputs: DatumBatch['lossInputs'], targets: RaggedTensor): Float32Array {
  const active = loss.activePositions(inputs);
  const width = rowWidth(targets);
  return Float32Array.from(targets.data, (_, i) => active[Math.floor(i / width)]!);
}

function isIgnored(targets: RaggedTensor, row: number): boolean {
  const width = rowWidth(targets);
  return targets.data.subarray(row * width, (row + 1) * width).every((id) => id === IGNORED_TARGET);
}

function cannotIgnore({ metadata: { name } }: LossFunction, targets: RaggedTensor, at: number): Error {
  const row = Math.floor(at / rowWidth(targets));
  const datum = targets.offsets.findIndex((offset) => offset > row) - 1;
  return invalid(
    `data[${datum}].loss_fn_inputs.${TARGET_TOKENS.name}`,
    `is ${IGNORED_TARGET} at position ${row - targets.offsets[datum]!}, but loss ${name} also counts positions with weight 0.`,
    'Use a loss that reads weights and masks positions with weight 0, or send a token id.',
  );
}
