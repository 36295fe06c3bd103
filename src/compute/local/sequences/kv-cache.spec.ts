import { describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../../test/support/fake-backend/fake-backend.js';
import { type HostTensor, hostTensor } from '../../graph/program.js';
import { pastName, presentName } from '../../models/generation-graph.js';
import { KvCache } from './kv-cache.js';
import { MASKED } from '../position-tables.js';

const config = { ...FAKE_MODEL.config, layerCount: 2, headCount: 4, kvHeadCount: 2, headDim: 2 };

/** A number that names its layer, kind, sequence, head, position and place. */
const tag = (slot: number, sequence: number, head: number, position: number, d: number) =>
  slot * 100_000 + sequence * 20_000 + head * 10_000 + position * 2 + d;

/** Keys and values of `count` new tokens from `start` on; `sequences` says whose numbers each row gets. */
function present(sequences: readonly number[], start: number, count: number): Map<string, HostTensor<Float32Array>> {
  const outputs = new Map<string, HostTensor<Float32Array>>();
  slots().forEach(([, name], slot) => {
    const data = sequences.flatMap((sequence) =>
      [0, 1].flatMap((head) =>
        Array.from({ length: count * 2 }, (_, i) => tag(slot, sequence, head, start + Math.floor(i / 2), i % 2)),
      ),
    );
    outputs.set(name, hostTensor(Float32Array.from(data), [sequences.length, 2, count, 2]));
  });
  return outputs;
}

function slots(): [past: string, present: string][] {
  return [0, 1].flatMap((layer) =>
    (['keys', 'values'] as const).map((kind): [string, string] => [pastName(kind, layer), presentName(kind, layer)]),
  );
}

/** Checks that the cache holds the tokens of these sequences, and that its mask shows exactly those. */
function expectHolds(cache: KvCache, sequences: readonly number[], length: number): void {
  const feeds = new Map(cache.feeds());
  slots().forEach(([name], slot) => {
    const { shape, data } = feeds.get(name)!;
    const capacity = shape[2]!;
    expect(shape).toEqual([sequences.length, 2, capacity, 2]);
    sequences.forEach((sequence, b) => {
      for (const head of [0, 1]) {
        const row = (b * 2 + head) * capacity * 2;
        const expected = Array.from({ length: length * 2 }, (_, i) => tag(slot, sequence, head, i >> 1, i % 2));
        expect([...data.slice(row, row + length * 2)].map(Number)).toEqual(expected);
      }
    });
  });
  const { shape, data } = feeds.get('pastMask')!;
  expect(shape).toEqual([sequences.length, 1, 1, data.length / sequences.length]);
  const visible = [...data].map((value, i) => [value, i % shape[3]!] as const);
  expect(visible.every(([value, place]) => value === (place < length ? 0 : MASKED))).toBe(true);
}

describe('KvCache', () => {
  it('is empty at first, and everything in it is masked', () => {
    expectHolds(new KvCache(config, 1), [0], 0);
  });

  it('takes in new tokens of every sequence, several or one at a time', () => {
    const cache = new KvCache(config, 2);
    cache.append(present([0, 1], 0, 3), 3);
    cache.append(present([0, 1], 3, 1), 1);
    expect(cache.length).toBe(4);
    expectHolds(cache, [0, 1], 4);
  });

  it.each([127, 128, 129])('grows when %i places are not enough, and keeps what it holds', (first) => {
    const cache = new KvCache(config, 2);
    cache.append(present([0, 1], 0, first), first);
    expectHolds(cache, [0, 1], first);
    for (let i = 0; i < 3; i++) cache.append(present([0, 1], first + i, 1), 1);
    expectHolds(cache, [0, 1], first + 3);
    cache.append(present([0, 1], first + 3, 300), 300);
    expectHolds(cache, [0, 1], first + 303);
  });

  it('takes a prompt that is longer than it was at first', () => {
    const cache = new KvCache(config, 1);
    cache.append(present([0], 0, 500), 500);
    expectHolds(cache, [0], 500);
  });

  it('copies one sequence for many, and drops those that have ended', () => {
    const cache = new KvCache(config, 1);
    cache.append(present([0], 0, 5), 5);
    cache.select([0, 0, 0]);
    expectHolds(cache, [0, 0, 0], 5);

    const mixed = new KvCache(config, 3);
    mixed.append(present([0, 1, 2], 0, 130), 130);
    mixed.select([2, 0]);
    expectHolds(mixed, [2, 0], 130);
    mixed.append(present([2, 0], 130, 1), 1);
    expectHolds(mixed, [2, 0], 131);
    mixed.select([]);
    expect(new Map(mixed.feeds()).get('pastMask')!.data).toHaveLength(0);
  });
});
