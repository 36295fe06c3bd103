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

/** What all stores do is in test/medium/stores. */
describe('LocalFileStore', () => {
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
});
