import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FileLock, lockFile } from '../../common/concurrency/file-lock.js';

/** Hashed at every start; larger ones once, as long as size, time and inode stay. */
const ALWAYS_HASHED_BYTES = 64 * 2 ** 20;

/** A file's content is named by its SHA-256 (large files) or by git's hash of it. */
export function isEtag(name: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name);
}

/**
 * The files of one model in the shared cache, each named by the hash of its bytes. Whoever fetches one holds its lock,
 * the same that huggingface_hub takes, and writes under a name of its own (`<etag>.<random>.incomplete`, as that does);
 * only whole, verified bytes get the blob's name.
 */
export class HubBlobs {
  constructor(
    private readonly folder: string,
    private readonly lockFolder: string,
    private readonly alwaysHashedBytes = ALWAYS_HASHED_BYTES,
  ) {}

  path(etag: string): string {
    return join(this.folder, 'blobs', etag);
  }

  /** Waits until nobody else fetches this blob. */
  lock(etag: string, onWait: () => void): Promise<FileLock> {
    return lockFile(join(this.lockFolder, `${etag}.lock`), onWait);
  }

  /** Is it there, with the bytes that its name stands for? `size`: what the hub says, where it was asked. */
  async isWhole(etag: string, size?: number): Promise<boolean> {
    const path = this.path(etag);
    const found = await stat(path, { bigint: true }).catch(() => null);
    if (found === null || (size !== undefined && Number(found.size) !== size)) return false;
    const bytes = Number(found.size);
    const state = `${found.size} ${found.mtimeNs} ${found.ino}`;
    const known = bytes > this.alwaysHashedBytes ? await readFile(this.mark(etag), 'utf8').catch(() => null) : null;
    if (known === state) return true;
    if (!(await matchesEtag(path, bytes, etag))) return false;
    if (bytes > this.alwaysHashedBytes) await this.remember(etag, state);
    return true;
  }

  /**
   * A new private file for the blob's bytes. The holder of the lock takes the longest one that a dead process has left,
   * to go on from there, and deletes the others.
   */
  async takePart(etag: string, lock: FileLock): Promise<string> {
    const folder = dirname(this.path(etag));
    await mkdir(folder, { recursive: true });
    const part = join(folder, `${etag}.${randomBytes(4).toString('hex')}.incomplete`);
    if (!lock.exclusive) return part;
    const left: { path: string; size: number }[] = [];
    for (const name of await readdir(folder)) {
      if (!name.startsWith(`${etag}.`) || !name.endsWith('.incomplete')) continue;
      const path = join(folder, name);
      left.push({ path, size: await sizeOf(path) });
    }
    left.sort((a, b) => b.size - a.size);
    const [longest, ...others] = left;
    for (const { path } of others) await rm(path, { force: true });
    if (longest !== undefined) await rename(longest.path, part);
    return part;
  }

  /** Gives a verified part the blob's name, which replaces a damaged one. */
  async adopt(part: string, etag: string): Promise<void> {
    await rename(part, this.path(etag));
    const found = await stat(this.path(etag), { bigint: true });
    if (Number(found.size) > this.alwaysHashedBytes) {
      await this.remember(etag, `${found.size} ${found.mtimeNs} ${found.ino}`);
    }
  }

  private mark(etag: string): string {
    return join(this.folder, '.verified', etag);
  }

  /** Where it cannot be written, the next start hashes again. */
  private async remember(etag: string, state: string): Promise<void> {
    const path = this.mark(etag);
    await mkdir(dirname(path), { recursive: true })
      .then(() => writeFile(path, state))
      .catch(() => undefined);
  }
}

/** 0 for one that is not there. */
export async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Do the bytes belong to the etag? */
export async function matchesEtag(path: string, size: number, etag: string): Promise<boolean> {
  const hash = etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex') === etag;
}
