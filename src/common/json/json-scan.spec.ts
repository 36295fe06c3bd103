import { describe, expect, it } from 'vitest';
import { fieldValue, type JsonLimits, scanJson, THREAD_LIMITS, withoutFields } from './json-scan.js';

const bytes = (text: string) => Buffer.from(text);
/** Objects, lists, texts and names that JSON.parse makes. */
function countParts(value: unknown): number {
  if (typeof value === 'string') return 1;
  if (typeof value !== 'object' || value === null) return 0;
  const names = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, item) => sum + countParts(item), 1 + names);
}
const accepts = (text: string, limits: Partial<JsonLimits>): boolean => {
  try {
    scanJson(bytes(text), { ...THREAD_LIMITS, ...limits });
    return true;
  } catch {
    return false;
  }
};

/** A value of every kind, from numbers that look random. */
function makeValue(next: () => number, depth: number): unknown {
  const kind = next() % (depth > 4 ? 5 : 7);
  const count = next() % 4;
  const text = () => ['', 'a', '"', '\\', '\\"', '{[,:]}', 'é☃', '\u0000\n'][next() % 8]! + 'x'.repeat(next() % 3);
  if (kind === 0) return next() / 7;
  if (kind === 1) return next() % 2 === 0;
  if (kind === 2) return null;
  if (kind <= 4) return text();
  const items = Array.from({ length: count }, () => makeValue(next, depth + 1));
  return kind === 5 ? items : Object.fromEntries(items.map((item, i) => [`${text()}${i}`, item]));
}

describe('scanning JSON', () => {
  let state = 1;
  const next = () => (state = (state * 48271) % 2147483647);
  const samples = Array.from({ length: 300 }, () => ({ a: makeValue(next, 0), 'b"\\': makeValue(next, 0), c: 1 }));

  it('counts exactly what JSON.parse would make', () => {
    for (const sample of samples) {
      const parts = countParts(sample);
      for (const text of [JSON.stringify(sample), JSON.stringify(sample, null, 2)]) {
        expect(accepts(text, { parts }), text).toBe(true);
        expect(accepts(text, { parts: parts - 1 }), text).toBe(false);
      }
    }
  });

  it('takes fields out and leaves the others as they are', () => {
    for (const sample of samples) {
      for (const text of [JSON.stringify(sample), JSON.stringify(sample, null, 2)]) {
        const rest = JSON.parse(withoutFields(bytes(text), ['a'], THREAD_LIMITS)!.toString()) as object;
        expect(rest).toEqual({ 'b"\\': sample['b"\\'], c: 1 });
        expect(JSON.parse(Buffer.from(fieldValue(bytes(text), 'a', THREAD_LIMITS)!).toString())).toEqual(sample.a);
      }
    }
  });

  it.each([
    ['101 levels', '['.repeat(101)],
    ['1001 fields of one object', `[{${Array.from({ length: 1001 }, (_, i) => `"${i}":0`).join(',')}}]`],
    ['too many values', `[${'1,'.repeat(1001)}1]`],
  ])('refuses %s', (_what, text) => {
    expect(() => scanJson(bytes(text), { parts: 5000, values: 1000 })).toThrow(/(contains more|is nested deeper) than/);
  });

  it.each(['', '{', '}', ']]]]', '"', '"\\', '{"a', '{"a":', ':::', '{"a":1,', '[1', '{"a":"\\"}', '\u0000'])(
    'goes through what is not JSON: %j',
    (text) => {
      expect(() => scanJson(bytes(text), THREAD_LIMITS)).not.toThrow();
    },
  );

  it('takes the last of fields of one name, as JSON.parse does', () => {
    expect(String(fieldValue(bytes('{"a":1,"a": 2}'), 'a', THREAD_LIMITS))).toBe(' 2');
  });
});
