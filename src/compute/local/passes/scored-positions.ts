import { CHUNKS } from '../../models/training-graph.js';
import { type PartLayout } from './part-layout.js';

/** Fewer rows in a chunk would cost more for reading the vocabulary's weights again than they save in memory. */
const CHUNK_ROWS = 128;

/** Where the scored rows of several parts go among those of a run. */
export interface ScoredPositions {
  /** Rows of the run, of which some may repeat others. */
  readonly count: number;
  /** How many rows each chunk takes; with slots, of each part. */
  readonly chunkSizes: readonly number[];
  /** For each part, the position of each of its scored rows. */
  readonly positions: readonly Int32Array[];
  /** For each row of the run, its part and which of the part's scored rows it is. */
  readonly sources: { readonly part: Int32Array; readonly row: Int32Array };
  /** Rows that are no part's own, but repeat one. */
  readonly repeated: Uint8Array;
}

/** One part after the other: for rows that depend on nothing but themselves. */
export function positionsInOrder(parts: readonly PartLayout[]): ScoredPositions {
  const count = parts.reduce((sum, { scored }) => sum + scored.length, 0);
  const sources = { part: new Int32Array(count), row: new Int32Array(count) };
  let at = 0;
  const positions = parts.map(({ scored }, part) =>
    Int32Array.from(scored, (_, row) => {
      sources.part[at] = part;
      sources.row[at] = row;
      return at++;
    }),
  );
  return { count, chunkSizes: chunkSizes(count), positions, sources, repeated: new Uint8Array(count) };
}

/**
 * Chunk by chunk, and in each chunk part by part with equally many rows: for sums over the rows of a part, which begin
 * with a chunk. A part's rows are divided into chunks as when it runs alone.
 *
 * @param minRows rows of a part in a chunk that is not empty
 */
export function positionsInSlots(parts: readonly PartLayout[], minRows: number): ScoredPositions {
  const own = parts.map(({ scored }) => chunkSizes(scored.length));
  const most = Array.from({ length: CHUNKS }, (_, chunk) => own.reduce((rows, of) => Math.max(rows, of[chunk]!), 0));
  // A batched product over no rows leaves its result as it finds it, so with several parts no chunk is empty.
  const least = parts.length > 1 ? 1 : 0;
  const sizes = most.map((rows) => (rows === 0 ? least : Math.max(rows, minRows)));
  const count = parts.length * sizes.reduce((sum, size) => sum + size, 0);
  const sources = { part: new Int32Array(count), row: new Int32Array(count) };
  const repeated = new Uint8Array(count);
  const positions = parts.map(({ scored }) => new Int32Array(scored.length));
  const taken = parts.map(() => 0);
  let at = 0;
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    for (let part = 0; part < parts.length; part++) {
      const rows = own[part]![chunk]!;
      for (let i = 0; i < sizes[chunk]!; i++, at++) {
        sources.part[at] = part;
        if (i < rows) {
          positions[part]![taken[part]!] = at;
          sources.row[at] = taken[part]!++;
        } else repeated[at] = 1;
      }
    }
  }
  return { count, chunkSizes: sizes, positions, sources, repeated };
}

/** Rows per chunk: as few chunks as hold CHUNK_ROWS each, then evenly more in all of them. */
export function chunkSizes(rows: number): number[] {
  const size = Math.max(CHUNK_ROWS, Math.ceil(rows / CHUNKS));
  return Array.from({ length: CHUNKS }, (_, i) => Math.max(0, Math.min(size, rows - i * size)));
}
