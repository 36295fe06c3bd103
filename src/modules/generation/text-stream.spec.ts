import { describe, expect, it } from 'vitest';
import { cutAtStop, TextStream } from './text-stream.js';

/** One token per byte, decoded as UTF-8: the worst case of byte-level BPE. */
const decodeBytes = (tokens: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(tokens));
const stream = (stopStrings: string[] = [], stopTokens: number[] = []): TextStream =>
  new TextStream(decodeBytes, new Set(stopTokens), stopStrings);
const bytes = (text: string): number[] => [...new TextEncoder().encode(text)];

describe('TextStream', () => {
  it('gives out whole characters only', () => {
    const sut = stream();
    const pieces = bytes('aé€😀b').map((byte) => sut.push(byte));
    expect(pieces.join('')).toBe('aé€😀b');
    expect(pieces.some((piece) => piece.includes('\uFFFD'))).toBe(false);
    expect(pieces.slice(0, 3)).toEqual(['a', '', 'é']);
  });

  it('holds back what may become a stop string and drops the stop string', () => {
    const sut = stream(['END']);
    expect(bytes('xENyEND!').map((byte) => sut.push(byte))).toEqual(['x', '', '', 'ENy', '', '', '', '']);
  });

  it('leaves the stop token out of the text', () => {
    const sut = stream([], [0]);
    expect([...bytes('hi'), 0].map((byte) => sut.push(byte)).join('')).toBe('hi');
  });

  it('gives the held rest when the final text is known', () => {
    const sut = stream(['END']);
    const given = bytes('oEN').map((byte) => sut.push(byte));
    expect(given.join('') + sut.finish('oEN')).toBe('oEN');
  });
});

describe('cutAtStop', () => {
  it('cuts at the earliest of several stop strings', () => {
    expect(cutAtStop('one two three', ['three', 'two'])).toBe('one ');
    expect(cutAtStop('one', ['two'])).toBe('one');
  });
});
