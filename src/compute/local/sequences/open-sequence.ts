import { type PinnedWeights } from '../pinned-weights.js';
import { type CachePool } from './cache-pool.js';
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
  /** Places of its row that may hold something: more than its tokens after a run that failed. */
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
