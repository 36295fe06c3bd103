import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { packArchive, readArchive } from './adapter-archive.js';

const bytes = (content: string) => new Uint8Array(Buffer.from(content));
const files = new Map([
  ['adapter_config.json', bytes('{}')],
  ['adapter_model.safetensors', new Uint8Array(10_000).fill(7)],
]);

async function tar(...entries: [Partial<Header> & { name: string }, string?][]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of entries) archive.entry({ ...header, size: undefined }, content ?? '');
  archive.finalize();
  return buffer(archive);
}

/** In pieces of an odd size, as a network delivers them. */
function stream(archive: Uint8Array, piece = 1_001): Readable {
  const pieces = Array.from({ length: Math.ceil(archive.length / piece) }, (_, i) =>
    archive.slice(i * piece, (i + 1) * piece),
  );
  return Readable.from(pieces, { objectMode: false });
}

const matching = (message: RegExp) => ({
  code: 'unsupported_adapter',
  category: 'user',
  message: expect.stringMatching(message) as string,
});

describe('adapter archives', () => {
  it('come back as they were packed, gzipped or not, however the bytes arrive', async () => {
    const archive = await buffer(packArchive(files, new Date(0)));
    expect(await readArchive(stream(archive))).toEqual(files);
    expect(await readArchive(stream(gzipSync(archive)))).toEqual(files);
    expect(await readArchive(stream(gzipSync(archive), 1))).toEqual(files);
  });

  it('are what the tar command reads and writes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'archive-'));
    try {
      await writeFile(join(folder, 'a.tar'), packArchive(files, new Date(0)));
      expect(execFileSync('tar', ['-tf', 'a.tar'], { cwd: folder, encoding: 'utf8' })).toBe(
        [...files.keys(), ''].join('\n'),
      );
      await mkdir(join(folder, 'my-adapter'));
      for (const [name, content] of files) await writeFile(join(folder, 'my-adapter', name), content);
      await writeFile(join(folder, 'my-adapter', 'README.md'), '# mine');
      execFileSync('tar', ['-czf', 'b.tgz', './my-adapter'], { cwd: folder });
      execFileSync('tar', ['-cf', 'c.tar', '-C', 'my-adapter', '.'], { cwd: folder });
      const archive = (name: string) =>
        Readable.from([execFileSync('cat', [name], { cwd: folder })], { objectMode: false });
      expect(await readArchive(archive('b.tgz'))).toEqual(files);
      expect(await readArchive(archive('c.tar'))).toEqual(files);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('pass over what is not part of the adapter, deep folders too', async () => {
    const archive = await tar(
      [{ name: 'x/tokenizer.json' }, '{}'],
      [{ name: 'x/checkpoint-5/adapter_config.json' }, 'old'],
      [{ name: 'x/adapter_config.json' }, 'new'],
    );
    expect(await readArchive(stream(archive))).toEqual(new Map([['adapter_config.json', bytes('new')]]));
  });
});

describe('refused archives', () => {
  const config = { name: 'adapter_config.json' };
  it.each<[string, () => Promise<Buffer>, RegExp]>([
    ['nothing at all', () => Promise.resolve(Buffer.alloc(0)), /no adapter_config\.json/],
    ['no adapter', () => tar([{ name: 'a/b/adapter_config.json' }]), /no adapter_config\.json in its root/],
    ['two adapters', () => tar([{ name: 'a/adapter_config.json' }], [config]), /several folders/],
    ['an absolute path', () => tar([{ name: '/etc/adapter_config.json' }]), /absolute or invalid path/],
    ['a way out', () => tar([{ name: 'a/../../adapter_config.json' }]), /points outside of it/],
    ['a way out among what is passed over', () => tar([{ name: '../x' }]), /points outside of it/],
    ['a backslash', () => tar([{ name: '..\\adapter_config.json' }]), /absolute or invalid path/],
    ['a symbolic link', () => tar([{ ...config, type: 'symlink', linkname: '/etc/passwd' }]), /a symlink; only files/],
    ['a hard link', () => tar([{ ...config, type: 'link', linkname: 'x' }]), /a link; only files/],
    ['a device', () => tar([{ ...config, type: 'character-device' }]), /a character-device/],
    ['text', () => Promise.resolve(Buffer.from('not a tar archive'.repeat(100))), /not a valid tar archive/],
    [
      'half an archive',
      async () => (await tar([config, 'x'.repeat(5_000)])).subarray(0, 2_000),
      /not a valid tar archive/,
    ],
    [
      'half a gzip',
      async () => gzipSync(await tar([config, 'xyz'.repeat(999)])).subarray(0, 60),
      /not a valid tar archive/,
    ],
  ])('%s', async (_, archive, message) => {
    await expect(readArchive(stream(await archive()))).rejects.toMatchObject(matching(message));
  });

  it('too many entries', async () => {
    const archive = await tar(...Array.from({ length: 6 }, (_, i): [{ name: string }] => [{ name: `f${i}` }]));
    await expect(readArchive(stream(archive), { maxBytes: 1e6, maxEntries: 5 })).rejects.toMatchObject(
      matching(/more than 5 entries/),
    );
  });

  it('too many bytes, also when they are passed over or come out of a small gzip', async () => {
    const archive = gzipSync(await tar([{ name: 'README.md' }, 'x'.repeat(3_000_000)], [config]));
    expect(archive.length).toBeLessThan(20_000);
    await expect(readArchive(stream(archive), { maxBytes: 2e6, maxEntries: 5 })).rejects.toMatchObject(
      matching(/more than 2 MB/),
    );
  });

  it('are refused at once, while the upload still goes on', async () => {
    const source = new PassThrough();
    source.write(await tar([{ name: '/x' }, 'x'.repeat(1_000)]));
    await expect(readArchive(source)).rejects.toMatchObject(matching(/absolute/));
    expect(source.destroyed).toBe(false);
  });

  it('leave the source alive, so that the upload can be answered', async () => {
    const source = stream(await tar([{ name: '/x' }, 'x'.repeat(100_000)]));
    await expect(readArchive(source)).rejects.toMatchObject(matching(/absolute/));
    expect(source.destroyed).toBe(false);
  });

  it('pass on the fault of a source that breaks off', async () => {
    const source = Readable.from(
      (function* () {
        yield Buffer.alloc(600);
        throw new Error('connection lost');
      })(),
    );
    await expect(readArchive(source)).rejects.toMatchObject(matching(/connection lost/));
  });
});
