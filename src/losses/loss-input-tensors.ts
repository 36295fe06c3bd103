import {
  describe,
  invalid,
  type JsonObject,
  readArray,
  readObject,
  refuseUnknownFields,
} from '../common/json/json-fields.js';
import { readFloats, readTokenIds } from '../common/json/number-lists.js';
import { type RaggedTensor } from '../domain/ragged-tensor.js';
import { IGNORED_TARGET } from './ignored-targets.js';
import { inputOffsets, type LossInputSpec, type LossMetadata } from './loss-function.js';

/**
 * One loss input of one datum as it stands in the body: either `{data, dtype?, shape?}` as in the Tinker API or a plain
 * list of numbers. Aligned with the datum's N positions: shape [N] or [N, K]. What is one number for the datum has N = 1.
 */
export interface WireTensor {
  readonly field: string;
  readonly values: readonly unknown[];
  /** [] for one number per position, [K] for K of them. */
  readonly trailingShape: readonly number[];
}

const DTYPES = ['float32', 'int64', 'int32'];
const FORM = 'Send {"data": [numbers], "dtype": "float32" or "int64", "shape": [N]} or a plain list of N numbers.';

const ONE_NUMBER = 'It is one number for the datum: send [number], or {"data": [number], "shape": [1] or []}.';

/** What a request's loss needs read. */
export interface LossInputContext {
  readonly loss: LossMetadata;
  /** Every name some loss reads: inputs of other losses may be there and are ignored, misspelt ones are refused. */
  readonly knownInputs: readonly string[];
  readonly vocabSize: number;
}

/** `loss_fn_inputs` of all datums, as one tensor for each input that the loss reads. */
export function readLossInputs(
  given: readonly unknown[],
  offsets: Int32Array,
  { loss, knownInputs, vocabSize }: LossInputContext,
): Record<string, RaggedTensor> {
  const datums = given.map((value, i) => {
    const field = `data[${i}].loss_fn_inputs`;
    const object = readObject(value, field, 'Send the inputs of the loss by name: {"target_tokens": [...], ...}.');
    refuseUnknownFields(object, knownInputs, field);
    return object;
  });
  const result: Record<string, RaggedTensor> = {};
  for (const spec of loss.inputs) {
    const rows = inputOffsets(spec, offsets);
    const tensors = collect(spec, datums, rows);
    if (tensors.length === 0) continue;
    result[spec.name] = joinTensors(tensors, rows, spec.dtype === 'int' ? vocabSize : undefined);
  }
  return result;
}

/** One input of all datums: all of them have it, or, where it is optional, none. */
function collect(spec: LossInputSpec, datums: readonly JsonObject[], offsets: Int32Array): WireTensor[] {
  const given = datums.filter((inputs) => inputs[spec.name] !== undefined).length;
  if (given === 0 && !spec.required) return [];
  return datums.map((inputs, i) => {
    const field = `data[${i}].loss_fn_inputs.${spec.name}`;
    const value = inputs[spec.name];
    if (value !== undefined) return readWireTensor(value, field, offsets[i + 1]! - offsets[i]!, spec.per);
    const remedy = spec.required
      ? `This loss requires it${descriptionOf(spec)}`
      : 'Send an optional input for every datum of the request or for none.';
    throw invalid(field, 'is missing.', remedy);
  });
}

/** What clients are told of an input that they have left out: the author of a loss may have said nothing. */
export function descriptionOf({ description }: LossInputSpec): string {
  return description === '' ? '.' : `: ${description}`;
}

/** @param rows N, the number of positions of the datum; 1 for what is one number for the datum */
export function readWireTensor(
  value: unknown,
  field: string,
  rows: number,
  per: LossInputSpec['per'] = 'token',
): WireTensor {
  if (Array.isArray(value)) return { field, values: checkLength(value, field, rows, per), trailingShape: [] };
  const tensor = readObject(value, field, per === 'datum' ? ONE_NUMBER : FORM);
  refuseUnknownFields(tensor, ['data', 'dtype', 'shape'], field);
  const { dtype } = tensor;
  if (dtype !== undefined && !(typeof dtype === 'string' && DTYPES.includes(dtype))) {
    throw invalid(`${field}.dtype`, `is ${describe(dtype)}.`, `Known: ${DTYPES.join(', ')}.`);
  }
  const trailingShape = tensor['shape'] === undefined ? [] : readShape(tensor['shape'], `${field}.shape`, rows, per);
  const expected = rows * (trailingShape[0] ?? 1);
  const values = checkLength(readArray(tensor['data'], `${field}.data`, FORM), `${field}.data`, expected, per);
  return { field: `${field}.data`, values, trailingShape };
}

function readShape(
  value: unknown,
  field: string,
  rows: number,
  per: NonNullable<LossInputSpec['per']>,
): readonly number[] {
  const shape = readArray(value, field, FORM);
  if (per === 'datum') {
    if (shape.length <= 2 && shape.every((size) => size === 1)) return [];
    throw invalid(field, 'is not the shape of a single number.', ONE_NUMBER);
  }
  const isSize = (size: unknown): size is number => Number.isInteger(size) && (size as number) > 0;
  if (shape.length < 1 || shape.length > 2 || !shape.every(isSize)) {
    throw invalid(field, 'must be [N] or [N, K] with positive integers.', FORM);
  }
  if (shape[0] !== rows) {
    throw invalid(
      field,
      `starts with ${shape[0]}, but the datum has ${rows} positions.`,
      `Use [${rows}] or [${rows}, K].`,
    );
  }
  return shape.slice(1);
}

function checkLength(
  values: readonly unknown[],
  field: string,
  expected: number,
  per: NonNullable<LossInputSpec['per']>,
): readonly unknown[] {
  if (values.length === expected) return values;
  const remedy = per === 'datum' ? ONE_NUMBER : 'Send one entry per input token, aligned with the next-token targets.';
  throw invalid(field, `has ${values.length} numbers, but must have ${expected}.`, remedy);
}

/** The same loss input of all datums as one tensor. `vocabSize` is given for targets, which may be IGNORED_TARGET. */
export function joinTensors(tensors: readonly WireTensor[], offsets: Int32Array, vocabSize?: number): RaggedTensor {
  const trailingShape = tensors[0]?.trailingShape ?? [];
  const width = trailingShape[0] ?? 1;
  for (const tensor of tensors) {
    if ((tensor.trailingShape[0] ?? 1) === width && tensor.trailingShape.length === trailingShape.length) continue;
    throw invalid(
      tensor.field,
      `has ${tensor.trailingShape[0] ?? 1} numbers per position, but the first datum has ${width}.`,
      'Use the same K for this input in every datum of the request.',
    );
  }
  const total = offsets[tensors.length]! * width;
  if (vocabSize === undefined) {
    const data = new Float32Array(total);
    tensors.forEach((tensor, i) => readFloats(tensor.values, tensor.field, data, offsets[i]! * width));
    return { data, offsets, trailingShape };
  }
  const data = new Int32Array(total);
  tensors.forEach(({ values, field }, i) => {
    readTokenIds(values, field, vocabSize, data, offsets[i]! * width, IGNORED_TARGET);
  });
  return { data, offsets, trailingShape };
}
