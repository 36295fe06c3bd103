import { describe, expect, it } from 'vitest';
import { broadcast, factorsOf, product, resolveDim, resolveShape, sameShape } from './dim.js';

describe('product', () => {
  it('spells equal sizes the same way, whatever the order of the factors', () => {
    expect(product('S', 'B', 3)).toBe('3*B*S');
    expect(product(3, product('B', 'S'))).toBe(product(product('S', 3), 'B'));
  });

  it('multiplies numbers and drops a factor of 1', () => {
    expect(product(2, 3, 'T', 4)).toBe('24*T');
    expect(product('T', 1)).toBe('T');
    expect(product(2, 5)).toBe(10);
    expect(product()).toBe(1);
  });

  it('is 0 when any factor is, and keeps powers', () => {
    expect(product('T', 0)).toBe(0);
    expect(product('S', 'S')).toBe('S*S');
  });
});

describe('resolveDim', () => {
  const sizes = new Map([
    ['B', 2],
    ['S', 5],
  ]);

  it('multiplies what the symbols stand for', () => {
    expect(resolveDim('3*B*S', sizes)).toBe(30);
    expect(resolveShape(['B', 7, 'S*S'], sizes)).toEqual([2, 7, 25]);
  });

  it('names a symbol that nothing binds', () => {
    expect(() => resolveDim('2*N', sizes)).toThrow("Size 'N' is not bound");
  });
});

it('factorsOf takes a size apart', () => {
  expect(factorsOf('6*B*S')).toEqual({ factor: 6, symbols: ['B', 'S'] });
  expect(factorsOf('T')).toEqual({ factor: 1, symbols: ['T'] });
  expect(factorsOf(9)).toEqual({ factor: 9, symbols: [] });
});

describe('sameShape', () => {
  it('compares sizes and their number', () => {
    expect(sameShape(['B', 3], ['B', 3])).toBe(true);
    expect(sameShape(['B', 3], ['B', 4])).toBe(false);
    expect(sameShape(['B'], ['B', 1])).toBe(false);
  });
});

describe('broadcast', () => {
  it('aligns axes from the right and stretches those of size 1', () => {
    expect(broadcast(['B', 1, 4], ['S', 1])).toEqual(['B', 'S', 4]);
    expect(broadcast([], ['T', 2])).toEqual(['T', 2]);
    expect(broadcast(['B', 'S'], ['B', 'S'])).toEqual(['B', 'S']);
  });

  it('never takes two symbols for the same size', () => {
    expect(() => broadcast(['T', 4], ['N', 4])).toThrow('[T, 4] and [N, 4] cannot be broadcast');
    expect(() => broadcast([3], [2])).toThrow('cannot be broadcast');
  });
});
