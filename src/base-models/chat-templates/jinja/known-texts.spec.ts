import { describe, expect, it } from 'vitest';
import { KnownTexts } from './known-texts.js';

describe('KnownTexts', () => {
  it('has a text written once', async () => {
    const { texts, written } = notebook();
    expect([await texts('a'), await texts('b'), await texts('a')]).toEqual(['A', 'B', 'A']);
    expect(written).toEqual(['a', 'b']);
  });

  it('keeps no failure', async () => {
    const known = new KnownTexts();
    await expect(known.get('a', () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(await known.get('a', () => Promise.resolve('A'))).toBe('A');
  });

  it('forgets all of them once they are too many, and never keeps one that is too long', async () => {
    const { texts, written } = notebook(8);
    for (const request of ['long request', 'long request', 'abc', 'ab', 'abc', 'a']) await texts(request);
    expect(written).toEqual(['long request', 'long request', 'abc', 'ab', 'abc', 'a']);
    expect(await texts('a')).toBe('A');
    expect(written).toHaveLength(6);
  });
});

function notebook(maxCharacters?: number) {
  const known = new KnownTexts(maxCharacters);
  const written: string[] = [];
  const write = (request: string) => {
    written.push(request);
    return Promise.resolve(request.toUpperCase());
  };
  return { written, texts: (request: string) => known.get(request, () => write(request)) };
}
