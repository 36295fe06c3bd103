import { expect, it, vi } from 'vitest';
import { FileCleanup } from './file-cleanup.js';

const OLD = new Date(0);

function cleanup(expired: string[], folders: { name: string; writtenAt: Date }[], named: string[]) {
  const deleted: string[] = [];
  const store = {
    delete: (name: string) => Promise.resolve(deleted.push(name)),
    folders: () => Promise.resolve(folders),
    deleteAbandoned: vi.fn(() => Promise.resolve()),
  };
  const rows = {
    deleteExpired: vi.fn((limit: number) => Promise.resolve(expired.splice(0, limit))),
    findExisting: () => Promise.resolve(new Set(named)),
  };
  return { task: new FileCleanup(store as never, rows as never), deleted, rows };
}

it('deletes expired files, a batch at a time', async () => {
  const ids = Array.from({ length: 1200 }, (_, i) => `file-${i}`);
  const { task, deleted, rows } = cleanup([...ids], [], []);
  await task.deleteExpired();
  expect(deleted).toEqual(ids);
  expect(rows.deleteExpired).toHaveBeenCalledTimes(3);
});

it('deletes old folders that no row names', async () => {
  const folders = [
    { name: 'named', writtenAt: OLD },
    { name: 'orphan', writtenAt: OLD },
    { name: 'young', writtenAt: new Date() },
  ];
  const { task, deleted } = cleanup([], folders, ['named']);
  await task.deleteOrphans();
  expect(deleted).toEqual(['orphan']);
});
