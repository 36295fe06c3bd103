import { offsetsOf, type RaggedTensor } from '../../../src/domain/ragged-tensor.js';

/** One float per position, datum by datum. */
export function floats(...datums: readonly (readonly number[])[]): RaggedTensor<Float32Array> {
  return { data: Float32Array.from(datums.flat()), offsets: offsetsOf(datums.map((d) => d.length)), trailingShape: [] };
}

/** One integer per position, datum by datum. */
export function integers(...datums: readonly (readonly number[])[]): RaggedTensor<Int32Array> {
  return { data: Int32Array.from(datums.flat()), offsets: offsetsOf(datums.map((d) => d.length)), trailingShape: [] };
}

/** The same numbers with `width` of them per position: offsets count positions. */
export function widened<T extends RaggedTensor>(tensor: T, width: number): T {
  return { ...tensor, offsets: tensor.offsets.map((offset) => offset / width), trailingShape: [width] };
}
