import { type TransformerConfig } from '../../../domain/model/transformer-config.js';
import { type PinnedWeights } from '../pinned-weights.js';
import { KvCache } from './kv-cache.js';

/** A row of a pool. */
interface Seat {
  readonly pool: CachePool;
  row: number;
}

/**
 * A sequence of tokens that the engine has read. What it holds of them lies in a row of a pool while it advances, or is
 * stored compactly, shared with the sequences that begin alike and never written.
 */
export class OpenSequence {
  /** Tokens that it holds. */
  length = 0;
  /** Positions of its row that may hold something: more than its tokens after a run that failed. */
  reach = 0;
  seat: Seat | null = null;
  stored: KvCache | null = null;

  constructor(readonly weights: PinnedWeights) {}

  /** Another one that begins with the first `length` tokens of this one. */
  fork(length: number): OpenSequence {
    const fork = new OpenSequence(this.weights);
    fork.length = length;
    if (length > 0) fork.stored = this.stored ?? this.compact(length);
    return fork;
  }

  /** Gives its row back and keeps its tokens elsewhere. */
  store(): void {
    if (!this.seat) return;
    const stored = this.length > 0 ? this.compact(this.length) : null;
    this.seat.pool.remove(this);
    this.stored = stored;
  }

  private compact(length: number): KvCache {
    const { pool, row } = this.seat!;
    const compact = new KvCache(this.weights.runtime.config, 1, length);
    compact.copyRow(0, pool.cache, row, length);
    return compact;
  }
}

/** A sequence that stayed behind in this many runs of its pool gives its row back. */
const IDLE_RUNS = 8;

/** Sequences that run together: rows of one cache, without gaps. */
export class CachePool {
  readonly cache: KvCache;
  /** By row. */
  readonly members: OpenSequence[] = [];
  private readonly idleRuns = new Map<OpenSequence, number>();

  /** @param fewestRows that a run reads */
  constructor(
    config: TransformerConfig,
    capacity: number,
    readonly fewestRows: number,
  ) {
    this.cache = new KvCache(config, fewestRows, capacity);
  }

  /** Takes a sequence in, with what it holds, from where that lies. */
  add(sequence: OpenSequence): void {
    const row = this.members.length;
    this.reserve(row + 1);
    const { seat, stored, length } = sequence;
    if (seat) {
      this.cache.copyRow(row, seat.pool.cache, seat.row, length);
      seat.pool.remove(sequence);
    } else if (stored) this.cache.copyRow(row, stored, 0, length);
    this.members.push(sequence);
    sequence.seat = { pool: this, row };
    sequence.reach = length;
    sequence.stored = null;
  }

  /** The last row replaces the one that leaves. */
  remove(sequence: OpenSequence): void {
    const { row } = sequence.seat!;
    const last = this.members.pop()!;
    this.cache.clearRow(row, sequence.reach);
    if (last !== sequence) {
      this.cache.copyRow(row, this.cache, last.seat!.row, last.length);
      this.cache.clearRow(last.seat!.row, last.reach);
      this.members[row] = last;
      last.seat!.row = row;
      last.reach = last.length;
    }
    sequence.seat = null;
    sequence.reach = 0;
    this.idleRuns.delete(sequence);
    const { length } = this.members;
    const few = length > 0 && this.cache.rows > this.fewestRows && 4 * length <= this.cache.rows;
    if (few) this.resize(Math.max(2 * length, this.fewestRows), this.cache.capacity);
  }

  /** Makes room for this number of sequences. */
  reserve(rows: number): void {
    const { rows: before, capacity } = this.cache;
    if (rows > before) this.resize(Math.max(rows, Math.ceil(1.5 * before)), capacity);
  }

  /** Lays the cache out anew. */
  resize(rows: number, capacity: number): void {
    const lengths = this.members.map(({ length }) => length);
    this.cache.resize(rows, capacity, lengths);
    for (const member of this.members) member.reach = member.length;
  }

  /** Notes who took part in a run, and sends away who has not for long. */
  ran(sequences: ReadonlySet<OpenSequence>): void {
    for (const member of [...this.members]) {
      const idle = sequences.has(member) ? 0 : (this.idleRuns.get(member) ?? 0) + 1;
      this.idleRuns.set(member, idle);
      if (idle >= IDLE_RUNS) member.store();
    }
  }
}
