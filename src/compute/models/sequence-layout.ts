import { type Tensor } from '../graph/graph.js';

/**
 * How rows become sequences. Everything but attention works on the tokens of a batch as rows, [T, H], without padding; the
 * layout is all that differs between training, prefill and decoding.
 */
export interface SequenceLayout {
  /** Rotates each token's heads by its position; x is [T, heads, 1, D]. */
  rotate(x: Tensor): Tensor;
  /** Query [T, heads, 1, D], keys and values [T, kvHeads, 1, D] -> [T, heads * D]. */
  attend(layer: number, query: Tensor, keys: Tensor, values: Tensor): Tensor;
}
