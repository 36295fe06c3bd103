import { open } from 'node:fs/promises';
import { type TaskOutput, type ThreadTask } from '../common/threads/thread-task.js';
import { float32ToBfloat16, float32ToFloat16 } from '../formats/half-floats.js';
import { quantizeQ8 } from '../formats/quantized-blocks.js';
import { type FloatDtype, tensorAsFloat32 } from '../formats/safetensors.js';
import { ExportOverflowError } from './export.errors.js';

/** How the numbers of a tensor are written. */
export type NumberType = FloatDtype | 'Q8_0';

/** Rows of a base model's tensor, with what becomes of them. */
export interface RowsOrder {
  /** For errors. */
  readonly tensor: string;
  /** The safetensors file, and where in it the rows begin. */
  readonly file: string;
  readonly byteOffset: number;
  readonly dtype: FloatDtype;
  readonly rows: number;
  readonly columns: number;
  /** The LoRA on these rows: all of A, and the rows' part of B. */
  readonly lora: {
    readonly a: Float32Array;
    readonly b: Float32Array;
    readonly rank: number;
    readonly scale: number;
  } | null;
  /** Of heads whose halves are to be interleaved: their dimensions. */
  readonly interleavedHead: number | null;
  readonly type: NumberType;
}

/** Reading, merging and rounding; a thread does it, for some million numbers at a time. */
export const CONVERT_ROWS: ThreadTask<RowsOrder, Uint8Array> = { url: import.meta.url, run: convertRowsTask };

/** @throws ExportOverflowError */
export async function convertRowsTask(order: RowsOrder): Promise<TaskOutput<Uint8Array>> {
  const { columns, lora, interleavedHead, type, tensor } = order;
  const numbers = await readRows(order);
  if (lora !== null) addLora(numbers, columns, lora);
  const ordered = interleavedHead === null ? numbers : interleaved(numbers, columns, interleavedHead);
  if (!fits(ordered, type)) throw new ExportOverflowError(tensor, type);
  const value = encoded(ordered, type);
  return { value, transfer: [value.buffer as ArrayBuffer] };
}

/** In memory of their own. */
async function readRows({ file, byteOffset, dtype, rows, columns, tensor }: RowsOrder): Promise<Float32Array> {
  const bytes = new Uint8Array(rows * columns * (dtype === 'F32' ? 4 : 2));
  const handle = await open(file, 'r');
  try {
    await handle.read(bytes, 0, bytes.byteLength, byteOffset);
  } finally {
    await handle.close();
  }
  return tensorAsFloat32(bytes, { name: tensor, dtype, shape: [rows, columns], begin: 0, end: bytes.byteLength });
}

/**
 * W + scale (B A) as PEFT merges it: the product, its multiple and the sum are float32 each. Only within the sum over the
 * rank more digits are kept, where PyTorch's depend on the machine.
 */
export function addLora(
  numbers: Float32Array,
  columns: number,
  { a, b, rank, scale }: NonNullable<RowsOrder['lora']>,
): void {
  const { fround } = Math;
  const factor = fround(scale);
  const sums = new Float64Array(columns);
  for (let row = 0, first = 0; first < numbers.length; row++, first += columns) {
    sums.fill(0);
    for (let k = 0; k < rank; k++) {
      const weight = b[row * rank + k]!;
      const from = k * columns;
      for (let i = 0; i < columns; i++) sums[i]! += weight * a[from + i]!;
    }
    for (let i = 0; i < columns; i++) numbers[first + i]! += fround(fround(sums[i]!) * factor);
  }
}

/** Rows 0, D/2, 1, D/2 + 1, ... of each head: llama.cpp rotates neighbours where transformers rotates halves. */
export function interleaved(numbers: Float32Array, columns: number, headDim: number): Float32Array {
  const result = new Float32Array(numbers.length);
  const rows = numbers.length / columns;
  for (let row = 0; row < rows; row++) {
    const dim = row % headDim;
    const source = row - dim + (dim % 2) * (headDim / 2) + Math.floor(dim / 2);
    result.set(numbers.subarray(source * columns, (source + 1) * columns), row * columns);
  }
  return result;
}

function encoded(numbers: Float32Array, type: NumberType): Uint8Array {
  if (type === 'Q8_0') return quantizeQ8(numbers);
  if (type === 'F32') return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  const halves = new Uint16Array(numbers.length);
  if (type === 'BF16') float32ToBfloat16(numbers, halves);
  else float32ToFloat16(numbers, halves);
  return new Uint8Array(halves.buffer);
}

/** What rounds to infinity, from here on. A block's scale is its largest magnitude / 127, in half precision. */
const ENDS: Readonly<Record<NumberType, number>> = {
  F32: Infinity,
  BF16: (2 - 2 ** -8) * 2 ** 127,
  F16: 65_520,
  Q8_0: 127 * 65_520,
};

function fits(numbers: Float32Array, type: NumberType): boolean {
  const end = ENDS[type];
  return numbers.every((number) => Math.abs(number) < end);
}
