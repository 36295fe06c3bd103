import { largest } from '../../../common/largest.js';
import { type TransformerConfig } from '../../../domain/model/transformer-config.js';
import { CachePool, type OpenSequence } from './cache-pool.js';
import { capacityFor } from './kv-cache.js';

/** A sequence that is to advance, and the tokens that it then holds. */
export interface Advancing {
  readonly sequence: OpenSequence;
  readonly tokens: number;
}

/** Sequences that sit in one pool and run together. */
export interface Table<T extends Advancing> {
  readonly pool: CachePool;
  readonly advancing: readonly T[];
}

/** Another division is worth moving sequences for when it reads so much less. */
const WORTH_MOVING = 0.85;

/**
 * Who sits in which pool, of sequences that may share a run. A run reads the base model's weights and the whole rows of its
 * pool; the fewer runs the better, but a short sequence beside a long one reads the padding of its row in every step.
 */
export class Seating {
  private pools: CachePool[] = [];

  /**
   * @param weightPositions positions of the cache whose keys and values are as much to read as the base model's weights
   * @param fewestRows that a run reads
   */
  constructor(
    private readonly config: TransformerConfig,
    private readonly weightPositions: number,
    private readonly fewestRows = 1,
  ) {}

  /** Frees pools that nobody sits in. @returns whether any is left */
  dropEmpty(): boolean {
    this.pools = this.pools.filter(({ members }) => members.length > 0);
    return this.pools.length > 0;
  }

  /** Divides sequences that take a token each into runs that read little, and seats them. */
  tables<T extends Advancing>(advancing: readonly T[]): Table<T>[] {
    const { reads, groups } = this.divide(advancing);
    if (reads >= WORTH_MOVING * this.readsAsSeated(advancing)) return tablesAsSeated(advancing);
    return groups.map((group) => this.seat(group));
  }

  /** Seats sequences that are to run together; where they sit already, if they fit and are among themselves. */
  table<T extends Advancing>(group: readonly T[]): Table<T> {
    const together = allFit(group) && tablesAsSeated(group).length === 1 && rowsOf(group).count <= 2 * group.length;
    return together ? tablesAsSeated(group)[0]! : this.seat(group);
  }

  private seat<T extends Advancing>(group: readonly T[]): Table<T> {
    const pool = this.poolFor(group, capacityFor(largest(group, ({ tokens }) => tokens)));
    const joining = group.filter(({ sequence }) => sequence.seat?.pool !== pool);
    pool.reserve(pool.members.length + joining.length);
    for (const { sequence } of joining) pool.add(sequence);
    this.dropEmpty();
    return { pool, advancing: group };
  }

  /** Groups of similar length such that weights and rows to read are fewest. */
  private divide<T extends Advancing>(advancing: readonly T[]): { reads: number; groups: T[][] } {
    const ordered = [...advancing].sort((a, b) => a.tokens - b.tokens);
    /** For the first n sequences: what is read at least, and where the last group then starts. */
    const best = [{ reads: 0, start: 0 }];
    for (const [last, { tokens }] of ordered.entries()) {
      const capacity = capacityFor(tokens);
      const choices = best.map(({ reads }, start) => ({
        reads: reads + this.weightPositions + (last + 1 - start) * capacity,
        start,
      }));
      best.push(choices.reduce((least, choice) => (choice.reads < least.reads ? choice : least)));
    }
    const groups: T[][] = [];
    for (let end = ordered.length; end > 0; end = best[end]!.start) groups.push(ordered.slice(best[end]!.start, end));
    return { reads: best.at(-1)!.reads, groups };
  }

  /** What runs would read if all stayed where they are; infinite if one cannot. */
  private readsAsSeated(advancing: readonly Advancing[]): number {
    if (!allFit(advancing)) return Infinity;
    const tables = tablesAsSeated(advancing);
    return tables.reduce((sum, { pool, advancing: group }) => {
      const count = Math.max(rowsOf(group).count, this.fewestRows);
      return sum + this.weightPositions + count * pool.cache.capacity;
    }, 0);
  }

  /** Where most of them sit, if it has about that capacity or can be given it; else a pool that has it already. */
  private poolFor(group: readonly Advancing[], capacity: number): CachePool {
    const sequences = new Set(group.map(({ sequence }) => sequence));
    const seats = (pool: CachePool) => pool.members.filter((member) => sequences.has(member)).length;
    const byUse = this.pools.filter((pool) => seats(pool) > 0).sort((a, b) => seats(b) - seats(a));
    const fits = ({ cache }: CachePool) => cache.capacity >= capacity && cache.capacity * WORTH_MOVING <= capacity;
    const fitting = byUse.find(fits);
    if (fitting) return fitting;
    const own = byUse.find((pool) => seats(pool) === pool.members.length);
    own?.resize(own.cache.rows, capacity);
    return own ?? this.pools.find(fits) ?? this.newPool(capacity);
  }

  private newPool(capacity: number): CachePool {
    const pool = new CachePool(this.config, capacity, this.fewestRows);
    this.pools.push(pool);
    return pool;
  }
}

function allFit(advancing: readonly Advancing[]): boolean {
  return advancing.every(({ sequence, tokens }) => sequence.seat && tokens <= sequence.seat.pool.cache.capacity);
}

function tablesAsSeated<T extends Advancing>(advancing: readonly T[]): Table<T>[] {
  const byPool = new Map<CachePool, T[]>();
  for (const step of advancing) {
    const { pool } = step.sequence.seat!;
    byPool.set(pool, [...(byPool.get(pool) ?? []), step]);
  }
  return [...byPool].map(([pool, group]) => ({ pool, advancing: group }));
}

/** The rows that a run of sequences of one pool reads, with those between that take no part. */
export function rowsOf(advancing: readonly Advancing[]): { first: number; count: number } {
  const first = -largest(advancing, ({ sequence }) => -sequence.seat!.row);
  return { first, count: largest(advancing, ({ sequence }) => sequence.seat!.row) - first + 1 };
}
