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

describe('LocalCheckpointStore', () => {
  it('reads, lists and measures what it wrote', async () => {
    await store.write('adapters/a1/state-1', files(['w.safetensors', 'abc'], ['checkpoint_complete', '']));
    expect(await text('adapters/a1/state-1', 'w.safetensors')).toBe('abc');
    expect(await store.list('adapters/a1/state-1')).toEqual(['checkpoint_complete', 'w.safetensors']);
    expect(await store.sizeBytes('adapters/a1/state-1')).toBe(3);
    expect(await store.exists('adapters/a1/state-1')).toBe(true);
    expect(await store.exists('adapters/a1/state-2')).toBe(false);
    expect(await leftovers()).toEqual([]);
  });

  it('replaces a checkpoint as a whole', async () => {
    await store.write('a', files(['x', '1'], ['y', '1']));
    await store.write('a', files(['x', '2']));
    expect(await store.list('a')).toEqual(['x']);
    expect(await text('a', 'x')).toBe('2');
    expect(await leftovers()).toEqual([]);
  });

  it('deletes one checkpoint or all below a path, and what is not there without complaint', async () => {
    await store.write('a/1', files(['x', '1']));
    await store.write('a/2', files(['x', '1']));
    await store.delete('a/1');
    expect(await store.exists('a/1')).toBe(false);
    expect(await store.exists('a/2')).toBe(true);
    await store.delete('a');
    await store.delete('a');
    expect(await store.exists('a/2')).toBe(false);
  });

  it('shows the folders below a path with their age, and none where there are none', async () => {
    await store.write('state/a/2', files(['x', '1']));
    await store.write('state/a/1', files(['x', '1']));
    await store.write('state/b/1', files(['x', '1']));
    await writeFile(join(root, 'state', 'note'), 'not a folder');
    await utimes(join(root, 'state', 'a', '1'), 1000, 1000);
    const names = async (path: string) => (await store.folders(path)).map(({ name }) => name);
    expect(await names('state')).toEqual(['a', 'b']);
    expect(await names('state/a')).toEqual(['1', '2']);
    expect((await store.folders('state/a'))[0]?.writtenAt).toEqual(new Date(1_000_000));
    expect(await store.folders('checkpoints')).toEqual([]);
    await expect(store.folders('..')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('says which setting is wrong where its folder cannot be made', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(new LocalCheckpointStore(join(root, 'file', 'checkpoints')).start()).rejects.toThrow(
      /^The checkpoint folder cannot be created: ENOTDIR.* Correct DATA_DIR/,
    );
  });

  it('says what is missing', async () => {
    await store.write('a', files(['x', '1']));
    await expect(store.read('a', 'y')).rejects.toThrow('file y of checkpoint a is missing');
    await expect(store.list('b')).rejects.toMatchObject({ code: 'storage_failed', category: 'server' });
    await expect(store.sizeBytes('b')).rejects.toThrow('checkpoint b is missing');
  });

  it.each([
    '',
    '..',
    '../a',
    'a/../b',
    '/etc',
    'a//b',
    'a/',
    'a/.hidden',
    '.tmp',
    'a\\b',
    'a\0b',
    'é',
    'a/b/c/d/e/f/g/h/i',
  ])('refuses the path %j', async (path) => {
    const refused = { code: 'invalid_request', category: 'user' };
    await expect(store.write(path, files(['x', '']))).rejects.toMatchObject(refused);
    await expect(store.read(path, 'x')).rejects.toMatchObject(refused);
    await expect(store.delete(path)).rejects.toMatchObject(refused);
    await expect(store.exists(path)).rejects.toMatchObject(refused);
  });

  it.each(['../x', 'a/b', '.x', ''])('refuses the file name %j', async (name) => {
    await expect(store.write('a', files([name, '']))).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(store.read('a', name)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await store.exists('a')).toBe(false);
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
