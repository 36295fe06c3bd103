import { describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../../test/support/fake-backend/fake-backend.js';
import { capacityFor, cacheBytesPerToken, KvCache } from './kv-cache.js';

const config = { ...FAKE_MODEL.config, layerCount: 2, headCount: 4, kvHeadCount: 2, headDim: 2 };

/** Writes numbers that name tensor, head, position and element into a row, as a program does. */
function write(cache: KvCache, row: number, length: number, tag: number): void {
  cache.feeds(row, 1).present.forEach(([, { data }], tensor) => {
    for (let head = 0; head < 2; head++) {
      for (let i = 0; i < length * 2; i++) data[head * cache.capacity * 2 + i] = tag + tensor * 1000 + head * 100 + i;
    }
  });
}

/** The numbers of a row, tensor by tensor and head by head. */
function rowOf(cache: KvCache, row: number): number[][] {
  return cache.feeds(row, 1).past.flatMap(([, { data }]) => {
    const numbers = Array.from(data, Number);
    return [numbers.slice(0, cache.capacity * 2), numbers.slice(cache.capacity * 2)];
  });
}

/** What `write` left of a row's first tokens; zeros behind them. */
function expectHolds(cache: KvCache, row: number, length: number, tag: number): void {
  const expected = [0, 1, 2, 3].flatMap((tensor) =>
    [0, 1].map((head) =>
      Array.from({ length: cache.capacity * 2 }, (_, i) => (i < length * 2 ? tag + tensor * 1000 + head * 100 + i : 0)),
    ),
  );
  expect(rowOf(cache, row)).toEqual(expected);
}

describe('KvCache', () => {
  it('feeds rows in place, results in the memory of what they replace', () => {
    const cache = new KvCache(config, 3, 4);
    const { past, present } = cache.feeds(1, 2);
    expect(past.map(([name, { shape }]) => [name, shape])).toEqual([
      ['past.keys.0', [2, 2, 4, 2]],
      ['past.values.0', [2, 2, 4, 2]],
      ['past.keys.1', [2, 2, 4, 2]],
      ['past.values.1', [2, 2, 4, 2]],
    ]);
    expect(present.map(([name]) => name)).toEqual([
      'present.keys.0',
      'present.values.0',
      'present.keys.1',
      'present.values.1',
    ]);
    present[0]![1].data.fill(5);
    expect(past[0]![1].data).toEqual(present[0]![1].data);
    expect(
      rowOf(cache, 0)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
    expect(rowOf(cache, 1)[0]!.every((value) => value === 5)).toBe(true);
  });

  it('copies the tokens of a row from a cache of another capacity', () => {
    const from = new KvCache(config, 2, 7);
    write(from, 1, 5, 0.5);
    const to = new KvCache(config, 2, 4);
    to.copyRow(0, from, 1, 3);
    expectHolds(to, 0, 3, 0.5);
    expectHolds(to, 1, 0, 0);
  });

  it('leaves zeros where a row is emptied, and the others alone', () => {
    const cache = new KvCache(config, 2, 4);
    write(cache, 0, 3, 0.25);
    write(cache, 1, 4, 0.5);
    cache.clearRow(0, 3);
    expectHolds(cache, 0, 0, 0);
    expectHolds(cache, 1, 4, 0.5);
  });

  it('keeps its rows when it is laid out anew, larger or smaller', () => {
    const cache = new KvCache(config, 2, 4);
    write(cache, 0, 3, 0.25);
    write(cache, 1, 4, 0.5);
    cache.resize(3, 6, [3, 4]);
    expect([cache.rows, cache.capacity]).toEqual([3, 6]);
    expectHolds(cache, 0, 3, 0.25);
    expectHolds(cache, 1, 4, 0.5);
    expectHolds(cache, 2, 0, 0);
    cache.resize(1, 3, [3]);
    expectHolds(cache, 0, 3, 0.25);
  });
});

describe('memory of a KvCache', () => {
  /** For every tensor, which of the pieces of memory it lies in. */
  const slabsOf = (cache: KvCache) => {
    const buffers = cache.feeds(0, 1).past.map(([, { data }]) => data.buffer);
    return buffers.map((buffer) => buffers.indexOf(buffer));
  };

  it('is one piece for small ones, pieces of more than 32 MiB, and a piece for each tensor that has as much', () => {
    // A tensor takes 16 bytes for each position of a row.
    const positions = (mebibytes: number) => (mebibytes * 2 ** 20) / 16;
    const cache = new KvCache(config, 1, 4);
    expect(slabsOf(cache)).toEqual([0, 0, 0, 0]);
    write(cache, 0, 3, 0.25);
    cache.resize(1, positions(20), [3]);
    expect(slabsOf(cache)).toEqual([0, 0, 2, 2]);
    cache.resize(1, positions(34), [3]);
    expect(slabsOf(cache)).toEqual([0, 1, 2, 3]);
    cache.resize(1, 4, [3]);
    expectHolds(cache, 0, 3, 0.25);
  });
});

describe('capacities', () => {
  it('go in steps of 128, then of an eighth', () => {
    expect([1, 128, 129, 1000, 1025, 2047, 2049, 5000].map(capacityFor)).toEqual([
      128, 128, 256, 1024, 1152, 2048, 2304, 5120,
    ]);
  });

  it('are of tokens that take keys and values in all layers', () => {
    expect(cacheBytesPerToken(config)).toBe(2 * 2 * 2 * 2 * 4);
  });
});
