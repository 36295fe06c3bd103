import { type Tensor } from '../graph/graph.js';

/**
 * How rows become sequences. Everything but attention works on the tokens of a batch as rows, [T, H], without padding; the
 * layout is all that differs between training, prefill and decoding.
 */
export interface SequenceLayout {
  /** [T, heads * D] -> [B, heads, S, D] */
  toHeads(x: Tensor, heads: number): Tensor;
  /** [B, heads, S, D] -> [T, heads * D] */
  fromHeads(x: Tensor): Tensor;
  /** Rotates by position; x is [B, heads, S, D]. */
  rotate(x: Tensor): Tensor;
  attend(layer: number, query: Tensor, keys: Tensor, values: Tensor): Tensor;
}
