import { rowWidth } from '../../../domain/ragged-tensor.js';
import { type PassItem } from '../../model-engine.js';

/** Which rows of a packed tensor belong to which datum of the request. */
export interface DatumRows {
  readonly rows: number;
  readonly runs: readonly { readonly datum: number; readonly start: number; readonly length: number }[];
}

/** Datums of one item that run as one, laid out for themselves: the same in any company. */
export interface PartLayout {
  readonly datums: readonly number[];
  /** End to end; behind the last datum its last token may be repeated. */
  readonly tokens: Int32Array;
  /** Tokens of each sequence, with what is repeated. */
  readonly lengths: readonly number[];
  /** Rows of the tokens that are scored, n of them. */
  readonly scored: readonly number[];
  /** Targets of each scored row, K. */
  readonly width: number;
  /** [n, K] */
  readonly labels: Int32Array;
  readonly tokenDatums: DatumRows;
  readonly scoredDatums: DatumRows;
}

/** What a layout depends on. */
export type Packable = Pick<PassItem, 'tokens' | 'targets' | 'scored'>;

/**
 * Lays the tokens of some datums end to end and notes which are scored.
 *
 * @param minRows tokens there are at least; the last one is repeated until there are. Nothing sees what is repeated, so its
 *   gradients are zeros.
 */
export function layOutPart(item: Packable, datums: readonly number[], minRows: number): PartLayout {
  const { offsets, data } = item.tokens;
  const own = datums.map((datum) => offsets[datum + 1]! - offsets[datum]!);
  const count = own.reduce((sum, length) => sum + length, 0);
  const repeated = Math.max(0, minRows - count);
  const tokens = new Int32Array(count + repeated);
  const scored: number[] = [];
  const positions: number[] = [];
  const tokenRuns: DatumRows['runs'][number][] = [];
  const scoredRuns: DatumRows['runs'][number][] = [];
  let row = 0;
  datums.forEach((datum, sequence) => {
    const length = own[sequence]!;
    const firstScored = scored.length;
    tokenRuns.push({ datum, start: row, length });
    for (let t = 0; t < length; t++, row++) {
      tokens[row] = data[offsets[datum]! + t]!;
      if (!item.scored[offsets[datum]! + t]) continue;
      scored.push(row);
      positions.push(offsets[datum]! + t);
    }
    scoredRuns.push({ datum, start: firstScored, length: scored.length - firstScored });
  });
  tokens.fill(tokens[count - 1]!, count);
  const width = rowWidth(item.targets);
  return {
    datums,
    tokens,
    lengths: own.with(-1, own.at(-1)! + repeated),
    scored,
    width,
    labels: labelsOf(item.targets.data, positions, width),
    tokenDatums: { rows: tokens.length, runs: tokenRuns },
    scoredDatums: { rows: scored.length, runs: scoredRuns },
  };
}

/** The targets of every scored position. */
function labelsOf(targets: ArrayLike<number>, positions: readonly number[], width: number): Int32Array {
  const labels = new Int32Array(positions.length * width);
  for (let i = 0; i < positions.length; i++) {
    for (let k = 0; k < width; k++) labels[i * width + k] = targets[positions[i]! * width + k]!;
  }
  return labels;
}
