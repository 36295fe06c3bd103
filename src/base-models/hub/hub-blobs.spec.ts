import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { etagOf } from '../../../test/support/servers/hub-stand-in.js';
import { HubBlobs } from './hub-blobs.js';

const content = Buffer.from('a file that counts as a large one');
const etag = etagOf(content);

let folder: string;
let blobs: HubBlobs;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blobs-'));
  blobs = new HubBlobs(folder, join(folder, '.locks'), 10);
  await mkdir(dirname(blobs.path(etag)));
  await writeFile(blobs.path(etag), content);
});
afterEach(() => rm(folder, { recursive: true }));

describe('HubBlobs', () => {
  it('knows a blob by its bytes', async () => {
    expect(await blobs.isWhole(etag)).toBe(true);
    expect(await blobs.isWhole(etag, content.byteLength)).toBe(true);
    expect(await blobs.isWhole(etag, content.byteLength + 1)).toBe(false);
    expect(await blobs.isWhole('0'.repeat(40))).toBe(false);
  });

  it('hashes a large one once, and again after it was written to', async () => {
    expect(await blobs.isWhole(etag)).toBe(true);
    const { atime, mtime } = await stat(blobs.path(etag));
    await writeFile(blobs.path(etag), content.toReversed());
    expect(await blobs.isWhole(etag)).toBe(false);
    await writeFile(blobs.path(etag), content);
    await utimes(blobs.path(etag), atime, mtime);
    expect(await blobs.isWhole(etag)).toBe(true);
    // Not looked at again: what has size, time and inode of before is taken for the same.
    const known = await stat(blobs.path(etag), { bigint: true });
    await writeFile(blobs.path(etag), content.toReversed());
    await writeFile(
      join(folder, '.verified', etag),
      `${known.size} ${(await stat(blobs.path(etag), { bigint: true })).mtimeNs} ${known.ino}`,
    );
    expect(await blobs.isWhole(etag)).toBe(true);
  });
});
