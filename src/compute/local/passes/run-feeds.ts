import { type FusedTerms } from '../../../domain/loss.js';
import { type HostTensor, hostTensor } from '../../graph/program.js';
import { type RunLogprobs, type RunSlopes } from '../../model-engine.js';
import { LOSS_INPUTS, LOSS_SCALARS } from '../../models/loss-coefficients.js';
import { ATTENTION_BLOCK, type AttentionKind, CHUNKS, COEFFICIENTS, labelsName } from '../../models/training-graph.js';
import { type PositionTables } from '../position-tables.js';
import { type PartLayout } from './part-layout.js';
import { positionsInOrder, positionsInSlots, type ScoredPositions } from './scored-positions.js';

/** Parts that run together, as the training programs read them. */
export interface PackedRun {
  readonly parts: readonly PartLayout[];
  /** The first row of each part. */
  readonly starts: readonly number[];
  readonly scored: ScoredPositions;
  /** The kind of program that runs it. */
  readonly attention: AttentionKind;
  readonly feeds: ReadonlyMap<string, HostTensor>;
}

export interface RunLayout {
  /** There is a LoRA on the output projection, whose gradient is a sum over scored rows. */
  readonly headLora: boolean;
  /** Rows belong to several adapters. */
  readonly slots: boolean;
  /** See layOutPart(). */
  readonly minRows: number;
  /** If it is left out, whole where the sequences are short enough. */
  readonly attention?: AttentionKind;
}

/** A product with a single row is computed in another way than with several, so a sequence has two positions at least. */
const MIN_POSITIONS = 2;

/**
 * Lays out parts for the training programs: tokens end to end without padding, index maps to and from the padded layout of
 * attention, and the rows that are scored.
 */
export function packRun(parts: readonly PartLayout[], layout: RunLayout, tables: PositionTables): PackedRun {
  const { kvHeadCount } = tables.config;
  const starts = startsOf(parts);
  const scored = layout.headLora ? positionsInSlots(parts, layout.minRows) : positionsInOrder(parts);
  const padded = paddedSequences(
    parts.flatMap(({ lengths }) => lengths),
    layout.attention,
  );
  const tokens = Int32Array.from(parts.flatMap((part) => [...part.tokens]));
  const rows = rowsOf(parts, starts, scored);
  return {
    parts,
    starts,
    scored,
    attention: padded.attention,
    feeds: new Map<string, HostTensor>([
      ['tokens', vector(tokens)],
      ['padIndex', padIndex(padded, kvHeadCount)],
      ['validIndex', vector(validIndex(padded, kvHeadCount))],
      ['rows', vector(rows)],
      ['rowsInverse', vector(rowsInverse(tokens.length, rows, scored))],
      ...tables.forSequences(padded.lengths, padded.longest),
      ...(padded.attention === 'whole' ? [['mask', tables.causalMask(padded.longest)] as const] : []),
      ...labelFeeds(parts, scored, layout),
    ]),
  };
}

function startsOf(parts: readonly PartLayout[]): number[] {
  let next = 0;
  return parts.map(({ tokens }) => {
    const start = next;
    next += tokens.length;
    return start;
  });
}

interface PaddedSequences {
  readonly lengths: readonly number[];
  readonly longest: number;
  readonly attention: AttentionKind;
}

function paddedSequences(lengths: readonly number[], kind?: AttentionKind): PaddedSequences {
  const needed = lengths.reduce((most, length) => Math.max(most, length), MIN_POSITIONS);
  const attention = kind ?? (needed > ATTENTION_BLOCK ? 'blocks' : 'whole');
  const longest = attention === 'blocks' ? Math.ceil(needed / ATTENTION_BLOCK) * ATTENTION_BLOCK : needed;
  return { lengths, longest, attention };
}

/** For each position of [B, heads, S] the row of that head of that token in [T, heads]; -1 for none. */
function padIndex({ lengths, longest }: PaddedSequences, heads: number): HostTensor {
  const index = new Int32Array(lengths.length * heads * longest).fill(-1);
  let start = 0;
  lengths.forEach((length, b) => {
    for (let head = 0; head < heads; head++) {
      const first = (b * heads + head) * longest;
      for (let t = 0; t < length; t++) index[first + t] = (start + t) * heads + head;
    }
    start += length;
  });
  return hostTensor(index, [lengths.length, heads, longest]);
}

/** The way back: for each head of each token its position. */
function validIndex({ lengths, longest }: PaddedSequences, heads: number): Int32Array {
  const index = new Int32Array(lengths.reduce((sum, length) => sum + length, 0) * heads);
  let at = 0;
  lengths.forEach((length, b) => {
    for (let t = 0; t < length; t++) {
      for (let head = 0; head < heads; head++) index[at++] = (b * heads + head) * longest + t;
    }
  });
  return index;
}

/** The row of the tokens that each scored row is. */
function rowsOf(parts: readonly PartLayout[], starts: readonly number[], { sources }: ScoredPositions): Int32Array {
  return sources.part.map((part, position) => starts[part]! + parts[part]!.scored[sources.row[position]!]!);
}

/** For each row of the tokens its position among the scored ones; -1 for none. */
function rowsInverse(tokens: number, rows: Int32Array, { repeated }: ScoredPositions): Int32Array {
  const inverse = new Int32Array(tokens).fill(-1);
  rows.forEach((row, position) => {
    if (!repeated[position]) inverse[row] = position;
  });
  return inverse;
}

/** The labels of each chunk, and how many rows it takes. */
function labelFeeds(
  parts: readonly PartLayout[],
  { sources, chunkSizes }: ScoredPositions,
  { headLora, slots }: RunLayout,
): [string, HostTensor][] {
  const { width } = parts[0]!;
  const lead = headLora && slots ? [parts.length] : [];
  const perPart = headLora ? parts.length : 1;
  let start = 0;
  const labels = chunkSizes.map((size, chunk): [string, HostTensor] => {
    const data = new Int32Array(size * perPart * width);
    for (let i = 0; i < size * perPart; i++) {
      const row = sources.row[start + i]!;
      const own = parts[sources.part[start + i]!]!.labels.subarray(row * width, (row + 1) * width);
      data.set(own, i * width);
    }
    start += size * perPart;
    return [labelsName(chunk), hostTensor(data, [...lead, size, width])];
  });
  const rows = BigInt64Array.from(chunkSizes, (size) => BigInt(size * perPart));
  return [...labels, ['chunkSizes', hostTensor(rows, [CHUNKS])]];
}

function vector(data: Int32Array): HostTensor {
  return hostTensor(data, [data.length]);
}

/** dLoss/dlogprob of the scored rows, as the backward program reads it. */
export function coefficientFeed(run: PackedRun, dLogprobs: readonly Float32Array[]): [string, HostTensor] {
  return [COEFFICIENTS, joinRows(run, dLogprobs, run.parts[0]!.width)];
}

/** What a program reads that computes the coefficients by itself. */
export function slopeFeeds(run: PackedRun, slopes: readonly RunSlopes[]): [string, HostTensor][] {
  const { width } = run.parts[0]!;
  const perTarget = (['weights', 'samplerLogprobs', 'advantages'] as const).map((name): [string, HostTensor] => [
    LOSS_INPUTS[name],
    joinRows(
      run,
      slopes.map((of) => of[name]),
      width,
    ),
  ]);
  const terms = slopes.map((of) => termValues(of.terms));
  const perRow = terms[0]!.map(([name], term): [string, HostTensor] => {
    const filled = run.parts.map(({ scored }, part) => new Float32Array(scored.length).fill(terms[part]![term]![1]));
    return [name, joinRows(run, filled, 1)];
  });
  return [...perTarget, ...perRow];
}

/** Selectors and thresholds of the coefficients. */
export function termValues(terms: FusedTerms): [string, number][] {
  const is = (policy: FusedTerms['policy']) => Number(terms.policy === policy);
  return [
    [LOSS_SCALARS.byWeights, is('weights')],
    [LOSS_SCALARS.byRatio, is('ratio')],
    [LOSS_SCALARS.byClippedRatio, is('clipped_ratio')],
    [LOSS_SCALARS.byDro, is('dro')],
    [LOSS_SCALARS.low, terms.low],
    [LOSS_SCALARS.high, terms.high],
    [LOSS_SCALARS.beta, terms.beta],
  ];
}

/** Rows of each part where the run has them, [N, width]; zeros in the rows that are repeated. */
function joinRows({ scored }: PackedRun, ofParts: readonly Float32Array[], width: number): HostTensor {
  const shape = [scored.count, width];
  if (ofParts.length === 1 && ofParts[0]!.length === scored.count * width) return hostTensor(ofParts[0]!, shape);
  const rows = new Float32Array(scored.count * width);
  scored.positions.forEach((positions, part) => {
    const own = ofParts[part]!;
    positions.forEach((position, row) => {
      for (let k = 0; k < width; k++) rows[position * width + k] = own[row * width + k]!;
    });
  });
  return hostTensor(rows, shape);
}

/** The rows of each part. */
export function divideRows({ scored }: PackedRun, rows: Float32Array, width: number): RunLogprobs {
  if (scored.positions.length === 1 && scored.positions[0]!.length === scored.count) return [rows];
  return scored.positions.map((positions) => {
    const own = new Float32Array(positions.length * width);
    positions.forEach((position, row) => {
      for (let k = 0; k < width; k++) own[row * width + k] = rows[position * width + k]!;
    });
    return own;
  });
}
