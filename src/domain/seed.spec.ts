import { describe, expect, it } from 'vitest';
import { isSeed, toSeed } from './seed.js';

describe('toSeed', () => {
  it.each([
    [42, 42],
    ['42', 42],
    ['0042', 42],
    [-0, 0],
    ['-0', 0],
    ['-7', -7],
    [2 ** 53, '9007199254740992'],
    ['9007199254740993', '9007199254740993'],
    ['-18446744073709551621', '-18446744073709551621'],
    [1e30, '1000000000000000019884624838656'],
  ])('writes %j as %j', (given, seed) => {
    expect(Object.is(toSeed(given), seed)).toBe(true);
  });
});

describe('isSeed', () => {
  it('takes integers and their digits', () => {
    for (const seed of [0, -1, 2 ** 60, '12', '-12', '9'.repeat(1000)]) expect(isSeed(seed)).toBe(true);
  });

  it('takes nothing else', () => {
    for (const other of [0.5, NaN, Infinity, '', '1e3', '0x1', ' 1', '1.0', '9'.repeat(1001), true, null, [], 1n]) {
      expect(isSeed(other), String(other)).toBe(false);
    }
  });
});
