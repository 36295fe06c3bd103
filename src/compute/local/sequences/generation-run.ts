import { largest } from '../../../common/largest.js';
import { type TransformerConfig } from '../../../domain/model/transformer-config.js';
import { hostTensor, type HostTensor } from '../../graph/program.js';
import { type NextToken } from '../../model-engine.js';
import { LOG_SUM, LOGITS, PROBABILITIES } from '../../models/generation-graph.js';
import { type PinnedAdapter } from '../pinned-weights.js';
import { MASKED } from '../position-tables.js';
import { type AdapterSlots } from './adapter-slots.js';
import { type CachePool } from './cache-pool.js';
import { type Advancing, rowsOf, type Table } from './seating.js';

/** One step of a sequence. */
export interface Piece extends Advancing {
  readonly input: Int32Array;
  /** Offsets in the input after which the next token is asked for. */
  readonly rows: Int32Array;
}

/**
 * Rows of queries that a key head is read with at least: the product of attention and values takes another kernel for a
 * single row, whose sums round otherwise. A sequence is padded to as many queries.
 */
const QUERIES = 2;

/**
 * Appends tokens to the sequences of one pool, in one run of the model.
 *
 * @param memory for what comes after the rows asked for, of the size that nextTokenSize() gives
 * @returns what comes after the rows asked for, by piece
 */
export async function advanceTable(
  { pool, advancing }: Table<Piece>,
  slots: AdapterSlots,
  memory: Float32Array,
): Promise<NextToken[][]> {
  const { weights } = advancing[0]!.sequence;
  const { runtime } = weights;
  const { config } = runtime;
  const run = new GenerationRun(pool, advancing);
  const { past, present } = pool.cache.feeds(run.first, run.count);
  const last = run.asked();
  const { variant, feeds } = slots.feeds(weights, run.owners(last));
  const inputs = new Map<string, HostTensor>([
    ...feeds,
    ...past,
    ...runtime.tables.rotary(largest(advancing, ({ tokens }) => tokens)),
    ...run.feeds(),
    ['last', hostTensor(last, [last.length])],
  ]);
  const rows = (start: number) => {
    const size = last.length * config.vocabSize;
    return hostTensor(memory.subarray(start * size, (start + 1) * size), [last.length, config.vocabSize]);
  };
  const results = new Map<string, HostTensor<Float32Array>>([
    [LOGITS, rows(0)],
    [PROBABILITIES, rows(1)],
    [LOG_SUM, hostTensor(new Float32Array(last.length), [last.length, 1])],
    ...present,
  ]);
  for (const { sequence, tokens } of advancing) sequence.reach = tokens;
  const outputs = await runtime.use('generation', variant, (program) => program.run(inputs, results));
  for (const [name, { data }] of results) if (outputs.get(name)!.data !== data) data.set(outputs.get(name)!.data);
  for (const { sequence, tokens } of advancing) sequence.length = tokens;
  return nextTokens(advancing, results, config.vocabSize);
}

/** Numbers that a run writes when what comes after this number of rows is asked for: logits and probabilities. */
export function nextTokenSize(asked: number, vocabSize: number): number {
  return 2 * Math.max(asked, 1) * vocabSize;
}

/** How the tokens of a run are laid out: one after another as rows, and by sequence for attention. */
class GenerationRun {
  readonly first: number;
  readonly count: number;
  private readonly config: TransformerConfig;
  /** Where the token of each row comes from: its piece, and the offset in that. */
  private readonly rows: { readonly piece: Piece; readonly offset: number }[];

  constructor(
    private readonly pool: CachePool,
    private readonly pieces: readonly Piece[],
  ) {
    const { first, count } = rowsOf(pieces);
    this.count = Math.max(count, pool.fewestRows);
    this.first = Math.min(first, pool.cache.rows - this.count);
    this.config = pieces[0]!.sequence.weights.runtime.config;
    this.rows = pieces.flatMap((piece) => Array.from(piece.input, (_, offset) => ({ piece, offset })));
  }

  feeds(): [string, HostTensor][] {
    const { rows, count } = this;
    const { headCount, kvHeadCount } = this.config;
    const longest = largest(this.pieces, ({ input }) => input.length);
    const width = Math.max(longest, Math.ceil((QUERIES * kvHeadCount) / headCount));
    return [
      ['tokens', vector(Int32Array.from(rows, ({ piece, offset }) => piece.input[offset]!))],
      [
        'positions',
        hostTensor(
          BigInt64Array.from(rows, (row) => BigInt(positionOf(row))),
          [rows.length, 1],
        ),
      ],
      ['written', hostTensor(this.written(), [rows.length, kvHeadCount, 3])],
      ['padIndex', hostTensor(this.padIndex(width), [count, kvHeadCount, width])],
      ['validIndex', vector(this.validIndex(width))],
      ['mask', hostTensor(this.mask(width), [count, 1, width, 1, this.pool.cache.capacity])],
    ];
  }

  /** The rows after which the next token is asked for, or any where there are none. */
  asked(): Int32Array {
    const asked: number[] = [];
    let start = 0;
    for (const { input, rows } of this.pieces) {
      for (const row of rows) asked.push(start + row);
      start += input.length;
    }
    return Int32Array.from(asked.length > 0 ? asked : [0]);
  }

  /** Whose adapter each row takes, and each of those asked for; none where the base model runs alone. */
  owners(asked: Int32Array): { layers: PinnedAdapter[]; head: PinnedAdapter[] } {
    const layers = this.rows.flatMap(({ piece }) => piece.sequence.weights.adapter ?? []);
    return { layers, head: layers.length > 0 ? Array.from(asked, (row) => layers[row]!) : [] };
  }

  private rowOf({ sequence }: Piece): number {
    return sequence.seat!.row - this.first;
  }

  /** Where keys and values of every row go in the cache: sequence, head and position. */
  private written(): BigInt64Array {
    const { kvHeadCount } = this.config;
    const index = new BigInt64Array(this.rows.length * kvHeadCount * 3);
    this.rows.forEach((row, i) => {
      const [sequence, position] = [BigInt(this.rowOf(row.piece)), BigInt(positionOf(row))];
      for (let head = 0; head < kvHeadCount; head++) {
        index.set([sequence, BigInt(head), position], (i * kvHeadCount + head) * 3);
      }
    });
    return index;
  }

  /**
   * For each row, key head and position of attention the token that stands there, counted with its key heads; a piece shorter
   * than others repeats its last, a row that takes no part any.
   */
  private padIndex(width: number): Int32Array {
    const { kvHeadCount } = this.config;
    const index = new Int32Array(this.count * kvHeadCount * width);
    let start = 0;
    for (const piece of this.pieces) {
      const { length } = piece.input;
      for (let head = 0; head < kvHeadCount; head++) {
        const row = (this.rowOf(piece) * kvHeadCount + head) * width;
        for (let s = 0; s < width; s++) index[row + s] = (start + Math.min(s, length - 1)) * kvHeadCount + head;
      }
      start += length;
    }
    return index;
  }

  /** The index in attention of each token's key heads. */
  private validIndex(width: number): Int32Array {
    const { kvHeadCount } = this.config;
    const index = new Int32Array(this.rows.length * kvHeadCount);
    this.rows.forEach(({ piece, offset }, row) => {
      for (let head = 0; head < kvHeadCount; head++) {
        index[row * kvHeadCount + head] = (this.rowOf(piece) * kvHeadCount + head) * width + offset;
      }
    });
    return index;
  }

  /** A token sees itself and what comes before it. */
  private mask(width: number): Float32Array {
    const { capacity } = this.pool.cache;
    const mask = new Float32Array(this.count * width * capacity).fill(MASKED);
    for (const piece of this.pieces) {
      for (let s = 0; s < width; s++) {
        const start = (this.rowOf(piece) * width + s) * capacity;
        const position = positionOf({ piece, offset: Math.min(s, piece.input.length - 1) });
        mask.fill(0, start, start + position + 1);
      }
    }
    return mask;
  }
}

function positionOf({ piece, offset }: { readonly piece: Piece; readonly offset: number }): number {
  return piece.tokens - piece.input.length + offset;
}

function vector(data: Int32Array): HostTensor {
  return hostTensor(data, [data.length]);
}

function nextTokens(
  pieces: readonly Piece[],
  results: ReadonlyMap<string, HostTensor<Float32Array>>,
  vocabSize: number,
): NextToken[][] {
  const logits = results.get(LOGITS)!.data;
  const probabilities = results.get(PROBABILITIES)!.data;
  const logSums = results.get(LOG_SUM)!.data;
  let row = 0;
  return pieces.map(({ rows }) =>
    Array.from(rows, () => {
      const [from, to] = [row * vocabSize, (row + 1) * vocabSize];
      return {
        logits: logits.subarray(from, to),
        probabilities: probabilities.subarray(from, to),
        logSum: logSums[row++]!,
      };
    }),
  );
}
