import { type RaggedTensor, rowWidth } from '../../../domain/ragged-tensor.js';

/** Positions of these datums that are scored, in the order in which an engine gives their log-probs. */
export function scoredPositions(
  { offsets }: RaggedTensor,
  scored: Uint8Array,
  datums: readonly number[],
): readonly number[] {
  const positions: number[] = [];
  for (const datum of datums) {
    for (let i = offsets[datum]!; i < offsets[datum + 1]!; i++) if (scored[i]) positions.push(i);
  }
  return positions;
}

/** The rows at these positions, one after the other; 0 for those that `counts` marks with 0. */
export function gatherRows(
  values: ArrayLike<number>,
  width: number,
  positions: readonly number[],
  counts?: Uint8Array,
): Float32Array {
  const rows = new Float32Array(positions.length * width);
  for (let i = 0; i < positions.length; i++) {
    if (counts?.[positions[i]!] === 0) continue;
    const from = positions[i]! * width;
    for (let k = 0; k < width; k++) rows[i * width + k] = values[from + k]!;
  }
  return rows;
}

/** Puts rows where they belong in a tensor of the whole request. */
export function scatterRows(rows: Float32Array, positions: readonly number[], into: RaggedTensor<Float32Array>): void {
  const width = rowWidth(into);
  for (let i = 0; i < positions.length; i++) {
    into.data.set(rows.subarray(i * width, (i + 1) * width), positions[i]! * width);
  }
}
