import { type FusedTerms } from '../../../domain/loss.js';
import { rowWidth } from '../../../domain/ragged-tensor.js';
import { type HostTensor, hostTensor } from '../../graph/program.js';
import { type PassItem, type RunSlopes } from '../../model-engine.js';
import { LOSS_INPUTS, LOSS_SCALARS } from '../../models/loss-coefficients.js';
import { ATTENTION_BLOCK, type AttentionKind, CHUNKS, COEFFICIENTS, labelsName } from '../../models/training-graph.js';
import { type PositionTables } from '../position-tables.js';

/** Which rows of a packed tensor belong to which datum of the request. */
export interface DatumRows {
  readonly rows: number;
  readonly runs: readonly { readonly datum: number; readonly start: number; readonly length: number }[];
}

/** Datums of one item that run as one batch. */
export interface PackedBatch {
  readonly datums: readonly number[];
  readonly feeds: ReadonlyMap<string, HostTensor>;
  readonly tokenDatums: DatumRows;
  readonly scoredDatums: DatumRows;
  /** Scored rows and targets per row. */
  readonly labelShape: readonly [rows: number, targets: number];
  /** The kind of program that runs it. */
  readonly attention: AttentionKind;
}

/** Fewer rows in a chunk would cost more for reading the vocabulary's weights again than they save in memory. */
const CHUNK_ROWS = 128;

/** A product with a single row is computed in another way than with several, so a sequence has two places at least. */
const MIN_POSITIONS = 2;

/** What the layout of a batch depends on. */
export type Packable = Pick<PassItem, 'tokens' | 'targets' | 'scored'>;

/**
 * Lays out datums of an item for the training programs: tokens end to end without padding, index maps to and from the
 * padded layout of attention, and the rows that are scored.
 *
 * @param attention how; if it is left out, whole where the sequences are short enough
 */
export function packBatch(
  item: Packable,
  datums: readonly number[],
  tables: PositionTables,
  attention?: AttentionKind,
): PackedBatch {
  const { rows, ...layout } = layOut(item, datums, attention);
  const { kvHeadCount } = tables.config;
  const width = rowWidth(item.targets);
  const sizes = chunkSizes(rows.length);
  return {
    datums,
    feeds: new Map<string, HostTensor>([
      ['tokens', vector(layout.tokens)],
      ['padIndex', padIndex(layout, kvHeadCount)],
      ['validIndex', vector(validIndex(layout, kvHeadCount))],
      ['rows', vector(Int32Array.from(rows))],
      ['rowsInverse', vector(layout.rowsInverse)],
      ['chunkSizes', hostTensor(BigInt64Array.from(sizes, BigInt), [CHUNKS])],
      ...tables.forSequences(layout.lengths, layout.longest),
      ...(layout.attention === 'whole' ? [['mask', tables.causalMask(layout.longest)] as const] : []),
      ...labelFeeds(labels(item.targets.data, layout.scored, width), sizes, width),
    ]),
    tokenDatums: { rows: layout.tokens.length, runs: layout.tokenRuns },
    scoredDatums: { rows: rows.length, runs: layout.scoredRuns },
    labelShape: [rows.length, width],
    attention: layout.attention,
  };
}

/** Walks the tokens of the members once and notes where each goes. */
function layOut({ tokens: all, scored: wanted }: Packable, members: readonly number[], kind?: AttentionKind) {
  const lengths = members.map((datum) => all.offsets[datum + 1]! - all.offsets[datum]!);
  const count = lengths.reduce((sum, length) => sum + length, 0);
  const needed = lengths.reduce((most, length) => Math.max(most, length), MIN_POSITIONS);
  const attention = kind ?? (needed > ATTENTION_BLOCK ? 'blocks' : 'whole');
  const longest = attention === 'blocks' ? Math.ceil(needed / ATTENTION_BLOCK) * ATTENTION_BLOCK : needed;
  const tokens = new Int32Array(count);
  const rowsInverse = new Int32Array(count).fill(-1);
  /** Rows of the packed tokens that are scored, and the positions of the item that they are. */
  const rows: number[] = [];
  const scored: number[] = [];
  const tokenRuns: DatumRows['runs'][number][] = [];
  const scoredRuns: DatumRows['runs'][number][] = [];
  let row = 0;
  members.forEach((datum, sequence) => {
    const start = all.offsets[datum]!;
    const firstScored = scored.length;
    tokenRuns.push({ datum, start: row, length: lengths[sequence]! });
    for (let t = 0; t < lengths[sequence]!; t++, row++) {
      tokens[row] = all.data[start + t]!;
      if (!wanted[start + t]) continue;
      rowsInverse[row] = rows.length;
      rows.push(row);
      scored.push(start + t);
    }
    scoredRuns.push({ datum, start: firstScored, length: scored.length - firstScored });
  });
  return { tokens, lengths, longest, attention, rows, rowsInverse, scored, tokenRuns, scoredRuns };
}

type Lengths = Pick<ReturnType<typeof layOut>, 'lengths' | 'longest'>;

/** For each place of [B, heads, S] the row of that head of that token in [T, heads]; -1 for none. */
function padIndex({ lengths, longest }: Lengths, heads: number): HostTensor {
  const index = new Int32Array(lengths.length * heads * longest).fill(-1);
  let start = 0;
  lengths.forEach((length, b) => {
    for (let head = 0; head < heads; head++) {
      const places = (b * heads + head) * longest;
      for (let t = 0; t < length; t++) index[places + t] = (start + t) * heads + head;
    }
    start += length;
  });
  return hostTensor(index, [lengths.length, heads, longest]);
}

/** The way back: for each head of each token its place. */
function validIndex({ lengths, longest }: Lengths, heads: number): Int32Array {
  const index = new Int32Array(lengths.reduce((sum, length) => sum + length, 0) * heads);
  let at = 0;
  lengths.forEach((length, b) => {
    for (let t = 0; t < length; t++) {
      for (let head = 0; head < heads; head++) index[at++] = (b * heads + head) * longest + t;
    }
  });
  return index;
}

function vector(data: Int32Array): HostTensor {
  return hostTensor(data, [data.length]);
}

/** The targets of every scored position. */
function labels(targets: ArrayLike<number>, scored: readonly number[], width: number): Int32Array {
  const rows = new Int32Array(scored.length * width);
  for (let i = 0; i < scored.length; i++) {
    for (let k = 0; k < width; k++) rows[i * width + k] = targets[scored[i]! * width + k]!;
  }
  return rows;
}

/** The labels of each chunk. */
function labelFeeds(all: Int32Array, sizes: readonly number[], width: number): [string, HostTensor][] {
  let end = 0;
  return sizes.map((size, chunk) => {
    const start = end;
    end += size;
    return [labelsName(chunk), hostTensor(all.slice(start * width, end * width), [size, width])];
  });
}

/** dLoss/dlogprob of the scored rows, as the backward program reads it. */
export function coefficientFeed(packed: PackedBatch, dLogprobs: Float32Array): [string, HostTensor] {
  return [COEFFICIENTS, hostTensor(dLogprobs, packed.labelShape)];
}

/** What a program reads that computes the coefficients by itself. */
export function slopeFeeds(packed: PackedBatch, slopes: RunSlopes): [string, HostTensor][] {
  const shape = packed.labelShape;
  return [
    [LOSS_INPUTS.weights, hostTensor(slopes.weights, shape)],
    [LOSS_INPUTS.samplerLogprobs, hostTensor(slopes.samplerLogprobs, shape)],
    [LOSS_INPUTS.advantages, hostTensor(slopes.advantages, shape)],
    ...termFeeds(slopes.terms),
  ];
}

/** Selectors and thresholds of the coefficients. */
export function termFeeds(terms: FusedTerms): [string, HostTensor][] {
  const is = (policy: FusedTerms['policy']) => Number(terms.policy === policy);
  const values: [string, number][] = [
    [LOSS_SCALARS.byWeights, is('weights')],
    [LOSS_SCALARS.byRatio, is('ratio')],
    [LOSS_SCALARS.byClippedRatio, is('clipped_ratio')],
    [LOSS_SCALARS.byDro, is('dro')],
    [LOSS_SCALARS.low, terms.low],
    [LOSS_SCALARS.high, terms.high],
    [LOSS_SCALARS.beta, terms.beta],
  ];
  return values.map(([name, value]) => [name, hostTensor(Float32Array.of(value), [1, 1])]);
}

/** Rows per chunk: as few chunks as hold CHUNK_ROWS each, then evenly more in all of them. */
function chunkSizes(rows: number): number[] {
  const size = Math.max(CHUNK_ROWS, Math.ceil(rows / CHUNKS));
  return Array.from({ length: CHUNKS }, (_, i) => Math.max(0, Math.min(size, rows - i * size)));
}
