import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { type CheckpointStore } from '../../../src/storage/checkpoint-store.js';

const MIB = 2 ** 20;
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const files = (...entries: [string, string][]) => new Map(entries.map(([name, text]) => [name, bytes(text)]));

/** What every CheckpointStore does. `stores` are two clients of the same location, empty before each test. */
export function checkpointStoreCases(stores: () => readonly [CheckpointStore, CheckpointStore]): void {
  const text = async (path: string, file: string, store = stores()[0]) =>
    Buffer.from(await store.read(path, file)).toString();

  it('reads, lists and measures what another one wrote', async () => {
    const [store, other] = stores();
    await other.write('adapters/a1/state-1', files(['w.safetensors', 'abc'], ['checkpoint_complete', '']));
    expect(await text('adapters/a1/state-1', 'w.safetensors')).toBe('abc');
    expect(await text('adapters/a1/state-1', 'checkpoint_complete')).toBe('');
    expect(await store.list('adapters/a1/state-1')).toEqual(['checkpoint_complete', 'w.safetensors']);
    expect(await store.sizeBytes('adapters/a1/state-1')).toBe(3);
    expect(await store.exists('adapters/a1/state-1')).toBe(true);
    expect(await store.exists('adapters/a1/state-2')).toBe(false);
  });

  it('keeps every byte of large files', async () => {
    const [store, other] = stores();
    const names = ['b.safetensors', 'a.safetensors', 'small.json'];
    const sizes = [9 * MIB + 17, 2 * MIB, 513];
    const written = new Map(names.map((name, i) => [name, new Uint8Array(randomBytes(sizes[i]!))]));
    await store.write('large', written);
    for (const [name, expected] of written) {
      expect(Buffer.compare(await other.read('large', name), expected), name).toBe(0);
    }
    expect(await other.sizeBytes('large')).toBe(sizes.reduce((sum, size) => sum + size));
  });

  it('replaces a checkpoint as a whole, also for one that has read it', async () => {
    const [store, other] = stores();
    const long = 'o'.repeat(100_000);
    await store.write('a', files(['x', long], ['y', '1']));
    expect(await text('a', 'x')).toBe(long);
    await other.write('a', files(['x', 'n'.repeat(100_000)]));
    expect(await text('a', 'x')).toBe('n'.repeat(100_000));
    expect(await store.list('a')).toEqual(['x']);
  });

  it('keeps one of two checkpoints that are written to a path together', async () => {
    const [store, other] = stores();
    await Promise.all(
      [
        store.write('a', files(['x', '1'], ['y', '1'], ['z', '1'])),
        other.write('a', files(['x', '2'], ['y', '2'], ['z', '2'])),
      ].map((write) => write.catch(() => undefined)),
    );
    const found = await Promise.all(['x', 'y', 'z'].map((name) => text('a', name)));
    expect(['111', '222']).toContain(found.join(''));
  });

  it('copies, and the copy does not need the source', async () => {
    const [store] = stores();
    await store.write('source/1', files(['x', 'abc'], ['y', '']));
    await store.copy('source/1', 'target/deep/1');
    await store.delete('source');
    expect(await store.list('target/deep/1')).toEqual(['x', 'y']);
    expect(await text('target/deep/1', 'x')).toBe('abc');
    await expect(store.copy('source/1', 'target/2')).rejects.toThrow('checkpoint source/1 is missing');
    expect(await store.exists('target/2')).toBe(false);
  });

  it('deletes one checkpoint or all below a path, and what is not there without complaint', async () => {
    const [store] = stores();
    for (const path of ['a/1', 'a/2', 'a/10', 'ab/1']) await store.write(path, files(['x', '1']));
    await store.delete('a/1');
    expect(await store.exists('a/1')).toBe(false);
    expect(await store.exists('a/10')).toBe(true);
    await store.delete('a');
    await store.delete('a');
    expect(await store.exists('a/2')).toBe(false);
    expect(await store.exists('ab/1')).toBe(true);
  });

  it('shows the folders below a path with their age, and none where there are none', async () => {
    const [store] = stores();
    for (const path of ['state/a/2', 'state/a/1.5', 'state/b/1', 'state-2/c/1']) {
      await store.write(path, files(['x', '1']));
    }
    const names = async (path: string) => (await store.folders(path)).map(({ name }) => name);
    expect(await names('state')).toEqual(['a', 'b']);
    expect(await names('state/a')).toEqual(['1.5', '2']);
    const age = Date.now() - (await store.folders('state/a'))[0]!.writtenAt.getTime();
    expect(Math.abs(age)).toBeLessThan(3_600_000);
    expect(await store.folders('checkpoints')).toEqual([]);
    await expect(store.folders('..')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('says what is missing', async () => {
    const [store] = stores();
    await store.write('a', files(['x', '1']));
    await expect(store.read('a', 'y')).rejects.toThrow('file y of checkpoint a is missing');
    await expect(store.read('b', 'y')).rejects.toThrow('checkpoint b is missing');
    await expect(store.list('b')).rejects.toMatchObject({ code: 'storage_failed', category: 'server' });
    await expect(store.sizeBytes('b')).rejects.toThrow('checkpoint b is missing');
    await store.list('a');
    await store.delete('a');
    await expect(store.read('a', 'x')).rejects.toThrow('is missing');
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
    const [store] = stores();
    const refused = { code: 'invalid_request', category: 'user' };
    await expect(attempt(() => store.write(path, files(['x', ''])))).rejects.toMatchObject(refused);
    await expect(attempt(() => store.read(path, 'x'))).rejects.toMatchObject(refused);
    await expect(attempt(() => store.delete(path))).rejects.toMatchObject(refused);
    await expect(attempt(() => store.exists(path))).rejects.toMatchObject(refused);
    await expect(attempt(() => store.copy('a', path))).rejects.toMatchObject(refused);
  });

  it.each(['../x', 'a/b', '.x', ''])('refuses the file name %j', async (name) => {
    const [store] = stores();
    await expect(store.write('a', files([name, '']))).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(store.read('a', name)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await store.exists('a')).toBe(false);
  });

  it('can be tried and swept at any time', async () => {
    const [store, other] = stores();
    await store.write('a', files(['x', '1']));
    const running = store.write('b', new Map([['x', new Uint8Array(9 * MIB)]]));
    await other.checkWritable();
    await other.deleteAbandoned();
    await running;
    expect([await store.exists('a'), await store.exists('b')]).toEqual([true, true]);
  });
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  return work();
}
