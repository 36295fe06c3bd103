import { type NextToken, type SequenceStep } from '../../model-engine.js';
import { type PinnedWeights } from '../pinned-weights.js';
import { OpenSequence } from './cache-pool.js';
import { adaptersPerRun, AdapterSlots, sharingKey } from './adapter-slots.js';
import { advanceTable, nextTokenSize, type Piece } from './generation-run.js';
import { cacheBytesPerToken } from './kv-cache.js';
import { Seating, type Table } from './seating.js';

/** Tokens of pieces that run together; more gain nothing, and attention pads the shorter pieces. */
const PIECE_TOKENS = 256;

/** Sequences that may share runs. */
interface Company {
  readonly seating: Seating;
  readonly slots: AdapterSlots;
}

/** Open sequences of tokens, with the keys and values of what they have read. */
export class Sequences {
  private readonly byId = new Map<number, OpenSequence>();
  private readonly companies = new Map<unknown, Company>();
  private nextTokens = new Float32Array();
  private nextId = 0;

  /** @param share may sequences run together? */
  constructor(private readonly share: () => boolean) {}

  open(weights: PinnedWeights): number {
    return this.add(new OpenSequence(weights));
  }

  fork(sequence: number, count: number, length?: number): readonly number[] {
    const from = this.get(sequence);
    if (length !== undefined && length > from.length) {
      throw new Error(`Sequence ${sequence} has ${from.length} tokens, not ${length}.`);
    }
    const first = from.fork(length ?? from.length);
    return Array.from({ length: count }, (_, i) => this.add(i === 0 ? first : first.fork(first.length)));
  }

  /**
   * Sequences that take one token run together, as few runs as their lengths allow; longer pieces (of prompts) in runs of
   * their own, several where they are short.
   */
  async advance(steps: readonly SequenceStep[]): Promise<readonly (readonly NextToken[])[]> {
    const pieces = steps.map((step) => this.piece(step));
    const memory = this.nextTokenMemory(pieces);
    const next = new Map<Piece, NextToken[]>();
    let start = 0;
    for (const [key, together] of this.share() ? companies(pieces) : eachAlone(pieces)) {
      const { weights } = together[0]!.sequence;
      const { seating, slots } = this.company(key, weights);
      for (const table of tables(seating, together)) {
        const asked = table.advancing.reduce((count, { rows }) => count + rows.length, 0);
        const length = nextTokenSize(asked, weights.runtime.config.vocabSize);
        const found = await advanceTable(table, slots, memory.subarray(start, start + length));
        table.advancing.forEach((piece, i) => next.set(piece, found[i]!));
        start += length;
      }
    }
    return pieces.map((piece) => next.get(piece)!);
  }

  close(sequences: readonly number[]): void {
    for (const id of sequences) {
      const sequence = this.byId.get(id);
      sequence?.seat?.pool.remove(sequence);
      this.byId.delete(id);
    }
    for (const [key, { seating }] of this.companies) if (!seating.dropEmpty()) this.companies.delete(key);
    if (this.byId.size === 0) this.nextTokens = new Float32Array();
  }

  private add(sequence: OpenSequence): number {
    this.byId.set(this.nextId, sequence);
    return this.nextId++;
  }

  private get(id: number): OpenSequence {
    const sequence = this.byId.get(id);
    if (!sequence) throw new Error(`Sequence ${id} is not open.`);
    return sequence;
  }

  private piece({ sequence: id, tokens: input, rows = Int32Array.of(input.length - 1) }: SequenceStep): Piece {
    const sequence = this.get(id);
    return { sequence, input, rows, tokens: sequence.length + input.length };
  }

  private company(key: unknown, { runtime }: PinnedWeights): Company {
    const known = this.companies.get(key);
    if (known) return known;
    const { config, weights } = runtime;
    const weightBytes = weights.parameterCount * Float32Array.BYTES_PER_ELEMENT;
    // With fewer products than threads, threads share out one, and then the sums over values are cut at other indices.
    const fewestRows = Math.ceil(runtime.threads / config.kvHeadCount);
    const seating = new Seating(config, weightBytes / cacheBytesPerToken(config), fewestRows);
    const company = { seating, slots: new AdapterSlots() };
    this.companies.set(key, company);
    return company;
  }

  /** Memory for what comes after all pieces; what it held is of no more use. */
  private nextTokenMemory(pieces: readonly Piece[]): Float32Array {
    // Each piece in a run of its own would take most.
    const most = pieces.reduce((sum, { rows, sequence }) => {
      return sum + nextTokenSize(rows.length, sequence.weights.runtime.config.vocabSize);
    }, 0);
    if (this.nextTokens.length < most) this.nextTokens = new Float32Array(most);
    return this.nextTokens;
  }
}

function eachAlone(pieces: readonly Piece[]): Iterable<readonly [key: unknown, pieces: readonly Piece[]]> {
  return pieces.map((piece) => [piece.sequence, [piece]]);
}

/** Pieces that may share runs, of no more adapters than a run has memory for, by what they have in common. */
function* companies(pieces: readonly Piece[]): Iterable<readonly [key: unknown, pieces: readonly Piece[]]> {
  for (const [key, together] of grouped(pieces, ({ sequence }) => sharingKey(sequence.weights))) {
    const most = adaptersPerRun(together[0]!.sequence.weights);
    const byAdapter = [...grouped(together, ({ sequence }) => sequence.weights.adapter?.weights).values()];
    for (let start = 0; start < byAdapter.length; start += most) {
      yield [start === 0 ? key : `${String(key)}/${start}`, byAdapter.slice(start, start + most).flat()];
    }
  }
}

/** The runs of one step. Each is seated when those before it are done. */
function* tables(seating: Seating, pieces: readonly Piece[]): Iterable<Table<Piece>> {
  const decoding = pieces.filter(({ input }) => input.length === 1);
  if (decoding.length > 0) {
    for (const table of seating.tables(decoding)) {
      yield table;
      table.pool.ran(new Set(table.advancing.map(({ sequence }) => sequence)));
    }
  }
  const longest = pieces.filter(({ input }) => input.length > 1).sort((a, b) => b.input.length - a.input.length);
  let batch: Piece[] = [];
  for (const piece of longest) {
    const tokens = batch.reduce((sum, { input }) => sum + input.length, piece.input.length);
    if (batch.length > 0 && tokens > PIECE_TOKENS) {
      yield seating.table(batch);
      batch = [];
    }
    batch.push(piece);
  }
  if (batch.length > 0) yield seating.table(batch);
}

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
