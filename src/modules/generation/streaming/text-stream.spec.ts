import { describe, expect, it } from 'vitest';
import { cutAtStop, TextStream } from './text-stream.js';

/** One token per byte, decoded as UTF-8: the worst case of byte-level BPE. */
const decodeBytes = (tokens: readonly number[]) => Promise.resolve(new TextDecoder().decode(Uint8Array.from(tokens)));
const stream = (stopStrings: string[] = [], stopTokens: number[] = []): TextStream =>
  new TextStream(decodeBytes, new Set(stopTokens), stopStrings);
const bytes = (text: string): number[] => [...new TextEncoder().encode(text)];

async function push(sut: TextStream, tokens: readonly number[]): Promise<string[]> {
  const pieces: string[] = [];
  for (const token of tokens) pieces.push(await sut.push(token));
  return pieces;
}

describe('TextStream', () => {
  it('gives out whole characters only', async () => {
    const sut = stream();
    const pieces = await push(sut, bytes('aé€😀b'));
    expect(pieces.join('')).toBe('aé€😀b');
    expect(pieces.some((piece) => piece.includes('\uFFFD'))).toBe(false);
    expect(pieces.slice(0, 3)).toEqual(['a', '', 'é']);
  });

  it('holds back what may become a stop string and drops the stop string', async () => {
    const sut = stream(['END']);
    expect(await push(sut, bytes('xENyEND!'))).toEqual(['x', '', '', 'ENy', '', '', '', '']);
  });

  it('leaves the stop token out of the text', async () => {
    const sut = stream([], [0]);
    expect((await push(sut, [...bytes('hi'), 0])).join('')).toBe('hi');
  });

  it('gives the held rest when the final text is known', async () => {
    const sut = stream(['END']);
    const given = await push(sut, bytes('oEN'));
    expect(given.join('') + sut.finish('oEN')).toBe('oEN');
  });
});

describe('cutAtStop', () => {
  it('cuts at the earliest of several stop strings', () => {
    expect(cutAtStop('one two three', ['three', 'two'])).toBe('one ');
    expect(cutAtStop('one', ['two'])).toBe('one');
  });
});
