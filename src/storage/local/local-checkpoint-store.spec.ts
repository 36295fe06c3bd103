import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StorageOutageError } from '../../common/errors/storage.errors.js';
import { LocalCheckpointStore } from './local-checkpoint-store.js';
import { partName } from './part-names.js';

let root: string;
let store: LocalCheckpointStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'checkpoints-'));
  store = new LocalCheckpointStore(root);
  await store.start();
});
afterEach(() => rm(root, { recursive: true }));

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const files = (...entries: [string, string][]) => new Map(entries.map(([name, text]) => [name, bytes(text)]));
const text = async (path: string, file: string) => Buffer.from(await store.read(path, file)).toString();
const leftovers = () => readdir(join(root, '.tmp'));

/** What all stores do is in test/medium/stores. */
describe('LocalCheckpointStore', () => {
  it('takes no file for a folder, and tells the age of folders', async () => {
    await store.write('state/a/1', files(['x', '1']));
    await writeFile(join(root, 'state', 'note'), 'not a folder');
    await utimes(join(root, 'state', 'a', '1'), 1000, 1000);
    expect((await store.folders('state')).map(({ name }) => name)).toEqual(['a']);
    expect(await store.folders('state/a')).toEqual([{ name: '1', writtenAt: new Date(1_000_000) }]);
  });

  it('says which setting is wrong where its folder cannot be made', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(new LocalCheckpointStore(join(root, 'file', 'checkpoints')).start()).rejects.toThrow(
      /^The checkpoint folder cannot be created: ENOTDIR.* Correct DATA_DIR/,
    );
  });

  it('leaves nothing of a write behind when the disk fills up, and keeps the old checkpoint', async () => {
    await store.write('a', files(['x', 'old']));
    let opened = 0;
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const filling = new LocalCheckpointStore(root, {
      openForWrite: async (path) => {
        const file = await open(path, 'wx');
        opened += 1;
        const writeTo = (data: unknown) =>
          opened > 1 ? file.writeFile('half').then(() => Promise.reject(full)) : file.writeFile(data as Uint8Array);
        return { writeFile: writeTo, sync: () => file.sync(), close: () => file.close() };
      },
    });
    const write = filling.write('a', files(['x', 'new'], ['y', 'new']));
    await expect(write).rejects.toMatchObject({ code: 'storage_full', category: 'server', status: 507 });
    expect(opened).toBe(2);
    expect(await leftovers()).toEqual([]);
    expect(await text('a', 'x')).toBe('old');
    expect(await store.list('a')).toEqual(['x']);
  });

  it('reports a folder that cannot be written as a storage fault', async () => {
    await store.write('a', files(['x', '']));
    await expect(store.write('a/x/b', files(['y', '']))).rejects.toMatchObject({ code: 'storage_failed', status: 500 });
    expect(await leftovers()).toEqual([]);
  });

  it.each(['EDQUOT', 'EROFS', 'EMFILE', 'ENFILE'])('takes %s for something that passes', async (code) => {
    const failing = new LocalCheckpointStore(root, {
      openForWrite: () => Promise.reject(Object.assign(new Error(`${code}: cannot`), { code })),
    });
    for (const write of [() => failing.write('a', files(['x', '1'])), () => failing.checkWritable()]) {
      const error: unknown = await write().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StorageOutageError);
      expect(error).toMatchObject({ details: { retry_after_s: expect.any(Number) as number } });
    }
    expect(await leftovers()).toEqual([]);
  });

  it('knows how much room is left, and leaves nothing of its tries', async () => {
    await store.checkWritable();
    expect(await store.freeBytes()).toBeGreaterThan(0);
    expect(await leftovers()).toEqual([]);
  });

  it('sweeps at start what a dead process of this machine was writing, however young', async () => {
    const script = `console.log(process.pid)`;
    const dead = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).trim();
    const mine = partName();
    const theirs = mine.replace(`-${process.pid}-`, `-${dead}-`);
    const elsewhere = `ffffffff-${dead}-1`;
    for (const name of [mine, theirs, elsewhere]) await mkdir(join(root, '.tmp', name));
    await new LocalCheckpointStore(root).start();
    expect((await leftovers()).sort()).toEqual([mine, elsewhere].sort());
  });

  it('sweeps the leftovers of crashed writes at start, not the writes of others that still run', async () => {
    for (const name of ['dead', 'alive']) {
      await mkdir(join(root, '.tmp', name));
      await writeFile(join(root, '.tmp', name, 'x'), 'half');
    }
    await utimes(join(root, '.tmp', 'dead'), 0, 0);
    await new LocalCheckpointStore(root).start();
    expect(await leftovers()).toEqual(['alive']);
  });
});
