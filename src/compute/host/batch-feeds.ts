import { type DatumBatch } from '../../domain/datum-batch.js';
import { type LossFunction } from '../../losses/loss-function.js';
import { type HostTensor, hostTensor } from '../graph/program.js';
import { LOSS_INPUTS } from '../models/loss-coefficients.js';
import { type PositionTables } from './position-tables.js';

/** Which rows of a packed tensor belong to which datum of the request. */
export interface DatumRows {
  readonly rows: number;
  readonly runs: readonly { readonly datum: number; readonly start: number; readonly length: number }[];
}

/** A group of datums that runs as one batch, with the places of its scored rows in the request. */
export interface PackedBatch {
  readonly feeds: ReadonlyMap<string, HostTensor>;
  readonly tokenDatums: DatumRows;
  readonly scoredDatums: DatumRows;
  /** For every scored row, the position (row of target_tokens) in the whole request. */
  readonly scored: Int32Array;
  readonly targetsPerRow: number;
}

/** Rows of the vocabulary part are computed in this many chunks, some of which may be empty. */
const CHUNKS = 4;
/** Fewer rows in a chunk would cost more for reading the vocabulary's weights again than they save in memory. */
const CHUNK_ROWS = 128;

/**
 * Lays out datums `members` of a batch for the training programs: tokens end to end without padding, index maps to and
 * from the padded layout of attention, and the rows that are scored.
 *
 * @param active per position of the request, 1 where a log-prob is wanted
 */
export function packBatch(
  batch: DatumBatch,
  members: readonly number[],
  active: Uint8Array,
  tables: PositionTables,
): PackedBatch {
  const layout = layOut(batch, members, active);
  const { rows, scored } = layout;
  const targets = batch.lossInputs['target_tokens']!;
  const packed = {
    feeds: new Map<string, HostTensor>([
      ['tokens', vector(layout.tokens)],
      ['padIndex', vector(layout.padIndex)],
      ['validIndex', vector(layout.validIndex)],
      ['rows', vector(Int32Array.from(rows))],
      ['rowsInverse', vector(layout.rowsInverse)],
      ['chunkSizes', hostTensor(chunkSizes(rows.length), [CHUNKS])],
      ...tables.forSequences(members.length, layout.longest),
    ]),
    tokenDatums: { rows: layout.tokens.length, runs: layout.tokenRuns },
    scoredDatums: { rows: rows.length, runs: layout.scoredRuns },
    scored: Int32Array.from(scored),
    targetsPerRow: targets.trailingShape[0] ?? 1,
  };
  const labels = new Int32Array(rows.length * packed.targetsPerRow);
  gather(labels, targets.data, packed);
  packed.feeds.set('labels', hostTensor(labels, [rows.length, packed.targetsPerRow]));
  return packed;
}

/** Walks the tokens of the members once and notes where each goes. */
function layOut({ tokens: all }: DatumBatch, members: readonly number[], active: Uint8Array) {
  const lengths = members.map((datum) => all.offsets[datum + 1]! - all.offsets[datum]!);
  const count = lengths.reduce((sum, length) => sum + length, 0);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const tokens = new Int32Array(count);
  const padIndex = new Int32Array(members.length * longest).fill(-1);
  const validIndex = new Int32Array(count);
  const rowsInverse = new Int32Array(count).fill(-1);
  /** Rows of the packed tokens that are scored, and the positions of the request that they are. */
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
      const place = sequence * longest + t;
      tokens[row] = all.data[start + t]!;
      padIndex[place] = row;
      validIndex[row] = place;
      if (!active[start + t]) continue;
      rowsInverse[row] = rows.length;
      rows.push(row);
      scored.push(start + t);
    }
    scoredRuns.push({ datum, start: firstScored, length: scored.length - firstScored });
  });
  return { tokens, padIndex, validIndex, longest, rows, rowsInverse, scored, tokenRuns, scoredRuns };
}

function vector(data: Int32Array): HostTensor {
  return hostTensor(data, [data.length]);
}

/**
 * Adds what the fused loss coefficients read. Weights default to 1, the others to 0. Positions that do not count for the
 * loss and inputs that it does not read stay at 0: the graph multiplies them by 0, which does not silence an overflow.
 */
export function addLossInputs(
  packed: PackedBatch,
  batch: DatumBatch,
  loss: LossFunction,
): ReadonlyMap<string, HostTensor> {
  const { shape } = packed.feeds.get('labels')!;
  const feeds = new Map(packed.feeds);
  const counts = loss.activePositions(batch.lossInputs);
  const add = (input: string, name: string, missing: number) => {
    const isRead = loss.metadata.inputs.some((known) => known.name === name);
    const given = isRead ? batch.lossInputs[name]?.data : undefined;
    const values = new Float32Array(shape[0]! * shape[1]!);
    if (given) gather(values, given, packed, counts);
    else values.fill(missing, 0, packed.scored.length * packed.targetsPerRow);
    feeds.set(input, hostTensor(values, shape));
  };
  add(LOSS_INPUTS.weights, 'weights', 1);
  add(LOSS_INPUTS.samplerLogprobs, 'logprobs', 0);
  add(LOSS_INPUTS.advantages, 'advantages', 0);
  return feeds;
}

/** dLoss/dlogprob of the whole request, cut down to the scored rows of one packed batch. */
export function coefficientFeed(packed: PackedBatch, dLogprobs: Float64Array): HostTensor {
  const { shape } = packed.feeds.get('labels')!;
  const rows = new Float32Array(shape[0]! * shape[1]!);
  gather(rows, dLogprobs, packed);
  return hostTensor(rows, shape);
}

/** Puts log-probs of scored rows where they belong in the request. */
export function scatterLogprobs(packed: PackedBatch, rows: Float32Array, into: Float32Array): void {
  const { scored, targetsPerRow } = packed;
  for (let i = 0; i < scored.length; i++) {
    const from = rows.subarray(i * targetsPerRow, (i + 1) * targetsPerRow);
    into.set(from, scored[i]! * targetsPerRow);
  }
}

/** @param counts per position of the request, 0 where the row is left as it is */
function gather(
  rows: Int32Array | Float32Array,
  values: ArrayLike<number>,
  packed: PackedBatch,
  counts?: Uint8Array,
): void {
  const { scored, targetsPerRow } = packed;
  for (let i = 0; i < scored.length; i++) {
    if (counts?.[scored[i]!] === 0) continue;
    const from = scored[i]! * targetsPerRow;
    for (let k = 0; k < targetsPerRow; k++) rows[i * targetsPerRow + k] = values[from + k]!;
  }
}

/** Rows per chunk: as few chunks as hold CHUNK_ROWS each, then evenly more in all of them. */
function chunkSizes(rows: number): BigInt64Array {
  const size = Math.max(CHUNK_ROWS, Math.ceil(rows / CHUNKS));
  return BigInt64Array.from({ length: CHUNKS }, (_, i) => BigInt(Math.max(0, Math.min(size, rows - i * size))));
}
