import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { type FileStore } from '../../../src/storage/file-store.js';
import { localFileStore } from '../../../src/storage/local/local-store.js';

const MIB = 2 ** 20;

async function* pieces(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const part of parts) yield await Promise.resolve(Buffer.from(part));
}

async function whole(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

/** What every FileStore does. It is empty before each test. */
export function fileStoreCases(get: () => FileStore): void {
  it('writes, reads in ranges and deletes', async () => {
    const store = get();
    expect(await store.write('a/content', pieces('one', 'two'))).toBe(6);
    expect(await store.sizeBytes('a/content')).toBe(6);
    expect(Buffer.from(await store.read('a/content', 2, 100)).toString()).toBe('etwo');
    expect(Buffer.from(await store.read('a/content', 1, 2)).toString()).toBe('ne');
    expect(await store.read('a/content', 6, 5)).toHaveLength(0);
    expect(await store.read('a/content', 0, 0)).toHaveLength(0);
    await store.write('a/content', pieces('three'));
    expect((await whole(store.stream('a/content'))).toString()).toBe('three');
    expect((await store.folders()).map(({ name }) => name)).toEqual(['a']);
    await store.delete('a');
    await store.delete('a');
    expect(await store.folders()).toEqual([]);
    await expect(store.read('a/content', 0, 1)).rejects.toThrow('file a/content is missing');
    await expect(store.sizeBytes('a/content')).rejects.toThrow('file a/content is missing');
    await expect(whole(store.stream('a/content'))).rejects.toThrow('file a/content is missing');
  });

  it('keeps every byte of a large file, and an empty one', async () => {
    const store = get();
    const parts = Array.from({ length: 11 }, () => randomBytes(MIB));
    expect(await store.write('a/content', pieces(...parts))).toBe(11 * MIB);
    expect(Buffer.compare(await whole(store.stream('a/content')), Buffer.concat(parts))).toBe(0);
    const middle = await store.read('a/content', 8 * MIB - 3, MIB);
    expect(Buffer.compare(middle, Buffer.concat(parts).subarray(8 * MIB - 3, 9 * MIB - 3))).toBe(0);
    expect(await store.write('a/empty', pieces())).toBe(0);
    expect(await whole(store.stream('a/empty'))).toHaveLength(0);
    expect(await store.sizeBytes('a/empty')).toBe(0);
  });

  it('leaves nothing of content that fails, whose error passes, and keeps the file that was there', async () => {
    const store = get();
    await store.write('b/content', pieces('old'));
    async function* failing() {
      for (let i = 0; i < 9; i++) yield new Uint8Array(MIB);
      throw new RangeError('too much');
    }
    await expect(store.write('a/content', failing())).rejects.toThrow(RangeError);
    await expect(store.write('b/content', failing())).rejects.toThrow(RangeError);
    expect((await store.folders()).map(({ name }) => name)).toEqual(['b']);
    expect((await whole(store.stream('b/content'))).toString()).toBe('old');
  });

  it('gives a folder to a task as local files, and keeps what that writes beside them', async () => {
    const store = get();
    await store.write('a/content', pieces('rows'));
    await store.write('b/content', pieces('not asked for'));
    const result = await store.withLocalFiles('a', async (settings) => {
      const local = localFileStore(settings);
      const content = await whole(local.stream('a/content'));
      await local.write('a/index', pieces(content.toString().toUpperCase()));
      return content.length;
    });
    expect(result).toBe(4);
    expect((await whole(store.stream('a/index'))).toString()).toBe('ROWS');
    expect((await whole(store.stream('b/content'))).toString()).toBe('not asked for');
    const failure = store.withLocalFiles('a', () => Promise.reject(new RangeError('bad rows')));
    await expect(failure).rejects.toThrow(RangeError);
  });

  it('keeps to its folder', async () => {
    await expect((async () => get().write('../a', pieces('x')))()).rejects.toThrow();
  });
}
