import { beforeEach, describe, expect, it } from 'vitest';
import { PrefixCache, type PrefixSource, prefixText } from './prefix-cache.js';

interface Reader extends PrefixSource {
  read: number;
}

const KEY = 'base m';
const text = (length: number, seed = 0) => prefixText(Int32Array.from({ length }, (_, i) => seed * 1000 + i));
/** Equal to text(length) up to `same`. */
const variant = (same: number, length: number, seed = 7) =>
  prefixText(Int32Array.from({ length }, (_, i) => (i < same ? i : seed * 1000 + i)));

describe('PrefixCache', () => {
  let closed: number[];
  let cache: PrefixCache<Reader>;
  beforeEach(() => {
    closed = [];
    cache = new PrefixCache((sequence) => closed.push(sequence));
  });

  const register = (prompt: ReturnType<typeof text>, reader: Reader, key = KEY) => cache.register(key, prompt, reader);
  function keep(prompt: ReturnType<typeof text>, sequence: number, key = KEY): boolean {
    const reader = { sequence, read: prompt.tokens.length };
    register(prompt, reader, key);
    return cache.leave(reader, { text: prompt, bytes: prompt.tokens.length });
  }
  const lengthOf = (prompt: ReturnType<typeof text>, limit = prompt.tokens.length, key = KEY) =>
    cache.find(key, prompt, limit).length;

  it('finds the longest beginning, to the token', () => {
    keep(variant(20, 64), 1);
    keep(text(64), 2);
    const found = cache.find(KEY, variant(41, 64, 8), 64);
    expect(found).toEqual({ length: 41, source: { sequence: 2, read: 64 }, reader: null });
    expect(lengthOf(text(64), 63)).toBe(63);
    expect(lengthOf(text(64), 63, 'base other')).toBe(0);
    expect(lengthOf(text(64, 1))).toBe(0);
  });

  it('finds nothing shorter than a block', () => {
    keep(text(64), 1);
    expect(lengthOf(variant(15, 64, 8))).toBe(0);
    expect(lengthOf(variant(16, 64, 8))).toBe(16);
    expect(lengthOf(text(64), 15)).toBe(0);
    expect(keep(text(15), 2)).toBe(false);
  });

  it('tells what can be had now, and who is reading more', () => {
    const reader: Reader = { sequence: 5, read: 0 };
    register(text(64), reader);
    expect(cache.find(KEY, text(64), 63)).toEqual({ length: 0, source: null, reader });
    reader.read = 48;
    expect(cache.find(KEY, text(64), 63)).toEqual({ length: 48, source: reader, reader });
    // Another text does not gain from the rest.
    expect(cache.find(KEY, variant(40, 64, 8), 64)).toEqual({ length: 40, source: reader, reader: null });
    reader.read = 64;
    expect(cache.find(KEY, text(64), 63)).toEqual({ length: 63, source: reader, reader: null });
    expect(cache.leave(reader, null)).toBe(false);
    expect(lengthOf(text(64))).toBe(0);
    expect(closed).toEqual([]);
  });

  it('does not register what others have', () => {
    keep(text(64), 1);
    const reader = { sequence: 2, read: 40 };
    register(text(40), reader);
    expect(cache.leave(reader, { text: text(40), bytes: 40 })).toBe(false);
    expect(cache.bytes).toBe(64);
  });

  it('keeps what has been left as far as memory goes, the least recently used goes first', () => {
    for (const seed of [1, 2, 3]) expect(keep(text(32, seed), seed)).toBe(true);
    expect(cache.bytes).toBe(96);
    lengthOf(text(32, 1));
    cache.shrinkTo(70);
    expect(closed).toEqual([2]);
    cache.shrinkTo(40);
    expect(closed).toEqual([2, 3]);
    expect(lengthOf(text(32, 1))).toBe(32);
    expect(lengthOf(text(32, 3))).toBe(0);
    expect(cache.bytes).toBe(32);
  });

  it('keeps no beginning of a text that it keeps', () => {
    keep(text(36), 1);
    keep(variant(32, 64), 2);
    keep(text(64), 3);
    expect(closed).toEqual([1]);
    expect(cache.bytes).toBe(128);
  });

  it('forgets a key: what is kept is freed, what is being read stays open and is found no more', () => {
    const reader = { sequence: 1, read: 32 };
    keep(text(32, 1), 7);
    keep(text(32, 1), 8, 'base other');
    register(text(32, 2), reader);
    cache.forget(KEY);
    expect(closed).toEqual([7]);
    expect(lengthOf(text(32, 2))).toBe(0);
    expect(cache.leave(reader, { text: text(32, 2), bytes: 32 })).toBe(false);
    expect(lengthOf(text(32, 2))).toBe(0);
    expect(lengthOf(text(32, 1), 32, 'base other')).toBe(32);
  });
});
