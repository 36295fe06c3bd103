import { type TransformerConfig } from '../../../domain/model/transformer-config.js';
import { KvCache } from './kv-cache.js';
import { type OpenSequence } from './open-sequence.js';

/** A sequence that stayed behind in this many runs of its pool gives its row back. */
const IDLE_RUNS = 8;

/** Sequences that run together: rows of one cache, without gaps. */
export class CachePool {
  readonly cache: KvCache;
  /** By row. */
  readonly members: OpenSequence[] = [];
  private readonly idleRuns = new Map<OpenSequence, number>();

  constructor(config: TransformerConfig, capacity: number) {
    this.cache = new KvCache(config, 1, capacity);
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

  /** The last row moves to the place of the one that leaves. */
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
    if (this.members.length > 0 && 4 * this.members.length <= this.cache.rows) {
      this.resize(2 * this.members.length, this.cache.capacity);
    }
  }

  /** Makes room for so many sequences. */
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
