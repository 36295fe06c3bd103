import { type RaggedTensor } from './ragged-tensor.js';

/**
 * Token ids whose log-probs are asked for at the positions of a prompt after the first, as the client laid them out: a
 * matrix [prompt length - 1, width], or some cells of one.
 */
export interface PromptTargets {
  /** The ids of row i are those for position i + 1; NO_TARGET asks for nothing. */
  readonly tokens: RaggedTensor<Int32Array>;
  readonly width: number;
  /** The column of each id where only some cells are given (compressed sparse rows); null where all are. */
  readonly columns: Int32Array | null;
}

export const NO_TARGET = -1;
