import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalFileStore } from './local-file-store.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'thinker-file-store-'));
});
afterEach(() => rmSync(root, { recursive: true }));

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('LocalFileStore', () => {
  it('writes, reads in ranges and deletes', async () => {
    const store = new LocalFileStore(root);
    expect(await store.write('a/content', pieces('one', 'two'))).toBe(6);
    expect(await store.sizeBytes('a/content')).toBe(6);
    expect(Buffer.from(await store.read('a/content', 2, 100)).toString()).toBe('etwo');
    await store.write('a/content', pieces('three'));
    expect(await textOf(store.stream('a/content'))).toBe('three');
    expect((await store.folders()).map(({ name }) => name)).toEqual(['a']);
    await store.delete('a');
    await store.delete('a');
    expect(await store.folders()).toEqual([]);
    await expect(store.read('a/content', 0, 1)).rejects.toThrow('file a/content is missing');
    await expect(textOf(store.stream('a/content'))).rejects.toThrow('file a/content is missing');
  });

  it('leaves nothing of content that fails, whose error passes', async () => {
    const store = new LocalFileStore(root);
    await store.start();
    async function* failing() {
      yield* pieces('half');
      throw new RangeError('too much');
    }
    await expect(store.write('a/content', failing())).rejects.toThrow(RangeError);
    expect([await store.folders(), readdirSync(path.join(root, '.tmp'))]).toEqual([[], []]);
  });

  it('leaves nothing on a full disk', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const store = new LocalFileStore(root, {
      openForWrite: () =>
        Promise.resolve({
          writeFile: () => Promise.reject(full),
          sync: () => Promise.resolve(),
          close: () => Promise.resolve(),
        }),
    });
    await expect(store.write('a/content', pieces('x'))).rejects.toMatchObject({ status: 507 });
    expect(await store.folders()).toEqual([]);
  });

  it('keeps to its folder', async () => {
    const store = new LocalFileStore(root);
    await expect(store.write('../a', pieces('x'))).rejects.toThrow();
  });
});
