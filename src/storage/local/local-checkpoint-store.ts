import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toStorageError } from '../../common/errors/storage.errors.js';
import { foldersIn, isMissing, makeParents, readingFailed, removeAtOnce, syncFolder } from './local-folders.js';
import { LocalRoot, type LocalRootOptions } from './local-root.js';
import { checkedFileName, CheckpointStore, type StoredFolder } from '../checkpoint-store.js';

/** More than a file system keeps in its own structures. */
const PROBE = new Uint8Array(65_536);
const PIECE_BYTES = 2 ** 20;

/**
 * Checkpoints in a local folder (or a shared one, for several machines). A write goes to a temporary folder beside
 * them, every file and folder is synced, then one rename makes the checkpoint appear.
 */
export class LocalCheckpointStore extends CheckpointStore {
  private readonly root: LocalRoot;

  constructor(folder: string, options: LocalRootOptions = {}) {
    super();
    this.root = new LocalRoot(folder, 'checkpoint', options);
  }

  /** Makes the folder and sweeps what crashed writes left in it; called once at start. */
  start(): Promise<void> {
    return this.root.start();
  }

  async write(path: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    for (const name of files.keys()) checkedFileName(name);
    await this.fill(path, async (part) => {
      for (const [name, bytes] of files) await this.writeFile(join(part, name), [bytes]);
    });
  }

  async copy(from: string, to: string): Promise<void> {
    const source = this.root.locate(from);
    await this.fill(to, async (part) => {
      for (const name of await this.list(from))
        await this.writeFile(join(part, name), createReadStream(join(source, name), { highWaterMark: PIECE_BYTES }));
    });
  }

  /** Makes a checkpoint of what `write` puts into a folder. */
  private async fill(path: string, write: (part: string) => Promise<void>): Promise<void> {
    const target = this.root.locate(path);
    const part = this.root.newPart();
    try {
      await mkdir(part, { recursive: true });
      await write(part);
      await syncFolder(part);
      await makeParents(target);
      await removeAtOnce(target, `${part}.replaced`);
      await rename(part, target);
      await syncFolder(dirname(target));
    } catch (error) {
      throw await this.root.failureOf(path, part, error);
    }
  }

  async read(path: string, file: string): Promise<Uint8Array> {
    const source = join(this.root.locate(path), checkedFileName(file));
    try {
      return await readFile(source);
    } catch (error) {
      throw readingFailed(`file ${file} of checkpoint ${path}`, this.root.folder, error);
    }
  }

  async list(path: string): Promise<string[]> {
    const folder = this.root.locate(path);
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .sort();
    } catch (error) {
      throw readingFailed(`checkpoint ${path}`, this.root.folder, error);
    }
  }

  async exists(path: string): Promise<boolean> {
    const folder = this.root.locate(path);
    try {
      return (await stat(folder)).isDirectory();
    } catch (error) {
      if (isMissing(error)) return false;
      throw readingFailed(`checkpoint ${path}`, this.root.folder, error);
    }
  }

  async sizeBytes(path: string): Promise<number> {
    const folder = this.root.locate(path);
    const names = await this.list(path);
    const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
    return stats.reduce((sum, { size }) => sum + size, 0);
  }

  delete(path: string): Promise<void> {
    return this.root.delete(path);
  }

  async checkWritable(): Promise<void> {
    const part = this.root.newPart();
    try {
      await mkdir(part, { recursive: true });
      await this.writeFile(join(part, 'probe'), [PROBE]);
    } catch (error) {
      throw toStorageError(error, 'checkpoints', this.root.folder);
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  }

  async freeBytes(): Promise<number | null> {
    return statfs(this.root.folder).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    );
  }

  async downloadLink(): Promise<null> {
    return null;
  }

  async folders(path: string): Promise<StoredFolder[]> {
    const parent = this.root.locate(path);
    try {
      return await foldersIn(parent);
    } catch (error) {
      throw readingFailed(`folder ${path}`, this.root.folder, error);
    }
  }

  deleteAbandoned(): Promise<void> {
    return this.root.deleteAbandoned();
  }

  private async writeFile(path: string, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const file = await this.root.openForWrite(path);
    try {
      for await (const piece of pieces) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
