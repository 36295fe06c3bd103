import { describe, expect, it } from 'vitest';
import { StopText } from './stop-text.js';

/** Tokens are bytes of UTF-8; half a character is decoded as tokenizers do. */
function decoder() {
  const lengths: number[] = [];
  const decode = (tokens: ArrayLike<number>) => {
    lengths.push(tokens.length);
    return Promise.resolve(new TextDecoder().decode(Uint8Array.from(tokens)));
  };
  return { decode, lengths };
}

const bytesOf = (text: string) => [...new TextEncoder().encode(text)];

/** After how many tokens the text contains one of the strings. */
async function tokensUntil(prompt: string, text: string, stopStrings: string[], { decode } = decoder()) {
  const stop = (await StopText.after(Int32Array.from(bytesOf(prompt)), stopStrings, decode)).again();
  const tokens: number[] = [];
  for (const byte of bytesOf(text)) {
    tokens.push(byte);
    if (await stop.isIn(tokens)) return tokens.length;
  }
  return null;
}

describe('StopText', () => {
  const long = 'Füße über Öl, żółw 猫が好き '.repeat(12);

  // Wherever it lies, also across the positions up to which text is settled.
  it.each(Array.from({ length: 70 }, (_, i) => i))('finds a string after %i other tokens', async (before) => {
    const text = new TextDecoder().decode(Uint8Array.from(bytesOf(long).slice(0, before))).replace(/\uFFFD/g, 'x');
    const stop = '猫 STOP 猫';
    expect(await tokensUntil('ab', `${text}${stop} and more`, ['never', stop])).toBe(bytesOf(text + stop).length);
  });

  it('finds the shortest that comes first, and nothing that is not there', async () => {
    expect(await tokensUntil('ab', long, ['Ö', 'Öl, ż'])).toBe(bytesOf('Füße über Ö').length);
    expect(await tokensUntil('ab', long, ['Ol', 'STOP'])).toBeNull();
  });

  it('does not find what lies in the prompt, nor what begins there', async () => {
    expect(await tokensUntil('STOP', 'P and more', ['STOP', 'OPP'])).toBeNull();
  });

  it('decodes few tokens for each new one, however long the text', async () => {
    const counting = decoder();
    await tokensUntil('ab', long.repeat(4), ['STOP'], counting);
    expect(Math.max(...counting.lengths)).toBeLessThan(64);
  });
});
