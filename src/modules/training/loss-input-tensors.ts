import { type RaggedTensor } from '../../domain/ragged-tensor.js';
import { describe, invalid, readArray, readObject, refuseUnknownFields } from '../../common/json/json-fields.js';
import { readFloats, readTokenIds } from '../../common/json/number-lists.js';

/**
 * One loss input of one datum as it stands in the body: either `{data, dtype?, shape?}` as in the Tinker API or a plain
 * list of numbers. Aligned with the datum's N positions: shape [N] or [N, K].
 */
export interface WireTensor {
  readonly field: string;
  readonly values: readonly unknown[];
  /** [] for one number per position, [K] for K of them. */
  readonly trailingShape: readonly number[];
}

const DTYPES = ['float32', 'int64', 'int32'];
const FORM = 'Give {"data": [numbers], "dtype": "float32" or "int64", "shape": [N]} or a plain list of N numbers.';

/** @param rows N, the number of positions of the datum. */
export function readWireTensor(value: unknown, field: string, rows: number): WireTensor {
  if (Array.isArray(value)) return { field, values: checkLength(value, field, rows, []), trailingShape: [] };
  const tensor = readObject(value, field, FORM);
  refuseUnknownFields(tensor, ['data', 'dtype', 'shape'], field);
  const { dtype } = tensor;
  if (dtype !== undefined && !(typeof dtype === 'string' && DTYPES.includes(dtype))) {
    throw invalid(`${field}.dtype`, `is ${describe(dtype)}.`, `Known: ${DTYPES.join(', ')}.`);
  }
  const trailingShape = tensor['shape'] === undefined ? [] : readShape(tensor['shape'], `${field}.shape`, rows);
  const values = checkLength(readArray(tensor['data'], `${field}.data`, FORM), `${field}.data`, rows, trailingShape);
  return { field: `${field}.data`, values, trailingShape };
}

function readShape(value: unknown, field: string, rows: number): readonly number[] {
  const shape = readArray(value, field, FORM);
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
  rows: number,
  trailingShape: readonly number[],
): readonly unknown[] {
  const expected = rows * (trailingShape[0] ?? 1);
  if (values.length === expected) return values;
  const remedy = 'One entry per input token is needed, aligned with the next-token targets.';
  throw invalid(field, `has ${values.length} numbers, but ${expected} are needed.`, remedy);
}

/** The same loss input of all datums as one tensor. `vocabSize` is given for inputs that hold token ids. */
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
  tensors.forEach((tensor, i) => readTokenIds(tensor.values, tensor.field, vocabSize, data, offsets[i]! * width));
  return { data, offsets, trailingShape };
}
