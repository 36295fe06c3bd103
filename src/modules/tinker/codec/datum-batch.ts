import { describe, invalid } from '../../../common/json/json-fields.js';
import { type DatumBatch } from '../../../domain/datum-batch.js';
import { offsetsOf, type RaggedTensor } from '../../../domain/ragged-tensor.js';
import { IGNORED_TARGET } from '../../../losses/ignored-targets.js';
import { inputOffsets, type LossInputSpec, type LossMetadata } from '../../../losses/loss-function.js';
import { descriptionOf } from '../../../losses/loss-input-tensors.js';
import { checkContextLength, type DatumContext } from '../../training/index.js';
import { checkCells, densify, numberOf, shapeText, type WireDatum, type WireTensor } from './wire-datum.js';

/** Inputs of the SDK that steer a loss token by token, which no loss of the service does. */
const STEERING = ['clip_low_threshold', 'clip_high_threshold', 'sequence_ratio_mask'];

/**
 * Datums of the wire as one batch, checked against the base model and the loss. Inputs that the loss does not read are
 * ignored: clients of the Tinker API may send more than is needed. Those that would steer it are refused.
 */
export function toDatumBatch(data: readonly WireDatum[], context: DatumContext): DatumBatch {
  if (data.length === 0) throw invalid('data', 'is empty.', 'Pass at least one datum.');
  data.forEach(({ tokens, inputs }, i) => {
    refuseSteering(inputs, `data[${i}].loss_fn_inputs`, context.loss);
    const field = `data[${i}].model_input`;
    if (tokens.length === 0) throw invalid(field, 'contains no tokens.', 'Every datum must have at least one token.');
    checkContextLength(tokens.length, field, context.model);
  });
  const offsets = offsetsOf(data.map(({ tokens }) => tokens.length));
  const tokens = new Int32Array(offsets.at(-1) ?? 0);
  const { vocabSize } = context.model.config;
  data.forEach((datum, i) => {
    putTokens(datum.tokens, `data[${i}].model_input`, vocabSize, tokens, offsets[i] ?? 0);
  });
  checkCells(context.loss.inputs.flatMap(({ name }) => data.map(({ inputs }) => inputs[name])));
  const lossInputs: Record<string, RaggedTensor> = {};
  for (const spec of context.loss.inputs) {
    const given = data.filter(({ inputs }) => inputs[spec.name] !== undefined).length;
    if (given > 0 || spec.required)
      lossInputs[spec.name] = joinInput(spec, data, inputOffsets(spec, offsets), vocabSize);
  }
  return { tokens: { data: tokens, offsets, trailingShape: [] }, lossInputs };
}

function refuseSteering(inputs: WireDatum['inputs'], field: string, { name, inputs: read }: LossMetadata): void {
  const wish = STEERING.find((input) => Object.hasOwn(inputs, input) && !read.some((spec) => spec.name === input));
  if (wish === undefined) return;
  const remedy = 'Remove it; GET /loss_functions lists the settings of loss_fn_config, which apply to all tokens.';
  throw invalid(`${field}.${wish}`, `is not used by loss ${name}.`, remedy);
}

/** One input of all datums: each has it, with the same number of columns. */
function joinInput(
  spec: LossInputSpec,
  data: readonly WireDatum[],
  offsets: Int32Array,
  vocabSize: number,
): RaggedTensor {
  const fieldOf = (i: number) => `data[${i}].loss_fn_inputs.${spec.name}`;
  const tensors = data.map(({ inputs }, i) => {
    const tensor = inputs[spec.name];
    if (!tensor) throw invalid(fieldOf(i), 'is missing.', `Send it for every datum${descriptionOf(spec)}`);
    const dense = densify(tensor, fieldOf(i));
    if (spec.per === 'datum') return checkNumber(dense, fieldOf(i));
    return checkShape(dense, fieldOf(i), data[i]?.tokens.length ?? 0);
  });
  const [first] = tensors;
  const width = first?.width ?? 1;
  const total = (offsets.at(-1) ?? 0) * width;
  const numbers = spec.dtype === 'int' ? new Int32Array(total) : new Float32Array(total);
  tensors.forEach((tensor, i) => {
    if (tensor.columns !== first?.columns) {
      throw invalid(
        fieldOf(i),
        `has a different number of columns than that of data[0].`,
        'Use the same K in every datum.',
      );
    }
    const at = (offsets[i] ?? 0) * width;
    if (numbers instanceof Int32Array) putTokens(tensor.values, fieldOf(i), vocabSize, numbers, at, IGNORED_TARGET);
    else putFloats(tensor.values, fieldOf(i), numbers, at);
  });
  return { data: numbers, offsets, trailingShape: first?.columns === undefined ? [] : [first.columns] };
}

/** `columns` is undefined for a shape (N), K for (N, K). */
function checkShape({ values, shape }: WireTensor, field: string, rows: number) {
  const [given, columns, ...more] = shape ?? [values.length];
  const width = columns ?? 1;
  if (given === rows && width > 0 && more.length === 0 && values.length === rows * width) {
    return { values, columns, width };
  }
  throw invalid(
    field,
    `has shape ${shapeText(shape ?? [values.length])} and ${values.length} numbers, but the datum has ${rows} tokens.`,
    `Send it with shape [${rows}] or [${rows}, K], one row per token of model_input.`,
  );
}

/** One number for the whole datum: shape [1], or [] as clients send scalars. */
function checkNumber({ values, shape }: WireTensor, field: string) {
  if (values.length === 1 && (shape ?? []).every((size) => size === 1)) {
    return { values, columns: undefined, width: 1 };
  }
  const given = `has shape ${shapeText(shape ?? [values.length])} and ${values.length} numbers`;
  throw invalid(field, `${given}, but must be one number for the datum.`, 'Send it with shape [1].');
}

/** @throws InvalidRequestError for what is neither a token id of the base model nor `noToken` */
export function putTokens(
  values: ArrayLike<unknown>,
  field: string,
  vocabSize: number,
  target: Int32Array,
  at: number,
  noToken = 0,
): void {
  for (let i = 0; i < values.length; i++) {
    const id = numberOf(values[i]);
    if (!(Number.isInteger(id) && id >= 0 && id < vocabSize) && id !== noToken) {
      const remedy = `Token ids are integers from 0 to ${vocabSize - 1} for this base model.`;
      throw invalid(field, `contains ${describe(values[i])} at position ${i}.`, remedy);
    }
    target[at + i] = id;
  }
}

function putFloats(values: ArrayLike<unknown>, field: string, target: Float32Array, at: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const number = Math.fround(numberOf(value));
    target[at + i] = number;
    if (Number.isFinite(number)) continue;
    const remedy =
      'NaN, infinity and values beyond the range of float32 are not supported; mask positions with weight 0.';
    throw invalid(field, `contains ${describe(value)} at position ${i}.`, remedy);
  }
}
