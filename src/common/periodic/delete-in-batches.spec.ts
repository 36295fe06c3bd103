import { describe, expect, it } from 'vitest';
import { deleteInBatches } from './delete-in-batches.js';

describe('deleteInBatches', () => {
  /** Rows of a table, from which statements delete. */
  class Rows {
    readonly batches: number[] = [];

    constructor(private count: number) {}

    readonly delete = (size: number): Promise<number> => {
      const deleted = Math.min(size, this.count);
      this.count -= deleted;
      this.batches.push(deleted);
      return Promise.resolve(deleted);
    };
  }

  it('goes on until a batch is not full', async () => {
    const rows = new Rows(7);
    expect(await deleteInBatches(3, rows.delete)).toBe(7);
    expect(rows.batches).toEqual([3, 3, 1]);
  });

  it('finds out by an empty batch that the last full one was the last', async () => {
    const rows = new Rows(3);
    expect(await deleteInBatches(3, rows.delete)).toBe(3);
    expect(rows.batches).toEqual([3, 0]);
  });

  it('begins no batch once it is to stop', async () => {
    const rows = new Rows(7);
    const stopping = new AbortController();
    const deleteAndStop = async (size: number): Promise<number> => {
      const deleted = await rows.delete(size);
      stopping.abort();
      return deleted;
    };
    expect(await deleteInBatches(3, deleteAndStop, stopping.signal)).toBe(3);
    expect(await deleteInBatches(3, rows.delete, stopping.signal)).toBe(0);
    expect(rows.batches).toEqual([3]);
  });
});
