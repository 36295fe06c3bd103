/**
 * Numbers of many datums in one typed array. Datum i owns rows offsets[i] .. offsets[i + 1]; a row holds
 * product(trailingShape) numbers. Batches travel in this shape from the HTTP body to the engine and back, so no
 * per-number object is ever made, and large arrays are transferred to the engine's thread, not copied.
 */
export interface RaggedTensor<T extends TensorData = TensorData> {
  readonly data: T;
  /** Row offsets, length = number of datums + 1, first 0. */
  readonly offsets: Int32Array;
  /** Shape of one row: [] for one number per position, [K] for K numbers per position. */
  readonly trailingShape: readonly number[];
}

/** Token ids and other integers fit 32 bits; int64 on the wire is narrowed on the way in. */
export type TensorData = Float32Array | Int32Array;

/** Numbers in one row. */
export function rowWidth(tensor: RaggedTensor): number {
  return tensor.trailingShape.reduce((product, size) => product * size, 1);
}

export function datumCount(tensor: RaggedTensor): number {
  return tensor.offsets.length - 1;
}

/** Row offsets of consecutive datums with these lengths. */
export function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => (offsets[i + 1] = offsets[i]! + length));
  return offsets;
}

/** A tensor of these datums alone, in this order. */
export function selectDatums<T extends TensorData>(
  tensor: RaggedTensor<T>,
  datums: readonly number[],
): RaggedTensor<T> {
  const parts = datums.map((datum) => datumValues(tensor, datum));
  const data = tensor.data.slice(
    0,
    parts.reduce((sum, { length }) => sum + length, 0),
  ) as T;
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  const lengths = datums.map((datum) => tensor.offsets[datum + 1]! - tensor.offsets[datum]!);
  return { data, offsets: offsetsOf(lengths), trailingShape: tensor.trailingShape };
}

/** The numbers of datum `i`, as a view on the shared array. */
export function datumValues<T extends TensorData>(tensor: RaggedTensor<T>, i: number): T {
  const width = rowWidth(tensor);
  return tensor.data.subarray(tensor.offsets[i]! * width, tensor.offsets[i + 1]! * width) as T;
}
