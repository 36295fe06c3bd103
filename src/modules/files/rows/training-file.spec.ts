import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { localFileStore } from '../../../storage/local/local-store.js';
import { contentPath } from '../file-paths.js';
import { storeRowsTask } from './store-rows.js';
import { TrainingFile } from './training-file.js';

const folder = mkdtempSync(path.join(tmpdir(), 'thinker-rows-'));
const settings = { folder, fullFlag: '' };
const store = localFileStore(settings);
let file: TrainingFile;

beforeAll(async () => {
  const lines = ['zero', 'één', 'two', 'three 🦜', 'four'].map((completion) =>
    JSON.stringify({ prompt: '>', completion }),
  );
  await store.write(contentPath('file-1'), Readable.from([Buffer.from(lines.join('\n'))]));
  const unchecked = { store: settings, id: 'file-1', filename: 'rows.jsonl', maxRowBytes: 10_000 };
  file = new TrainingFile('file-1', 'rows.jsonl', 1, (await storeRowsTask(unchecked)).value, store);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const completionsOf = async (rows: readonly number[]) =>
  (await file.read(rows)).map((example) => (example.kind === 'completion' ? example.completion : null));

describe('TrainingFile', () => {
  it('reads rows in any order', async () => {
    expect(await completionsOf([4, 1, 2, 3, 0])).toEqual(['four', 'één', 'two', 'three 🦜', 'zero']);
    expect(await completionsOf([])).toEqual([]);
    expect(await file.locations([1, 4])).toEqual(['line 2', 'line 5']);
  });

  it('reads rows that follow one another at once', async () => {
    const read = vi.spyOn(store, 'read');
    await completionsOf([0, 1, 2, 3, 4]);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it.each([[[-1]], [[5]], [[3, 4, 5]], [[0.5]]])('refuses rows that it does not have: %j', async (rows) => {
    await expect(file.read(rows)).rejects.toThrow(RangeError);
  });
});
