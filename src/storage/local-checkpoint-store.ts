import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StorageError, StorageFullError, toStorageError } from '../common/errors/storage.errors.js';
import { foldersIn, isMissing, makeParents, readingFailed, removeAtOnce, syncFolder } from './local-folders.js';
import { isAbandoned, partName } from './part-names.js';
import { checkedFileName, checkedPath, CheckpointStore, type StoredFolder } from './checkpoint-store.js';

type Writable = Pick<FileHandle, 'writeFile' | 'sync' | 'close'>;

export interface LocalCheckpointStoreOptions {
  /** Opens a new file; a test puts a full disk here. */
  readonly openForWrite?: (path: string) => Promise<Writable>;
}

/** Dots cannot begin a checkpoint's path, so this folder never meets one. */
const TEMPORARY = '.tmp';
/** More than a file system keeps in its own structures. */
const PROBE = new Uint8Array(65_536);

/**
 * Checkpoints in a local folder (or a shared one, for several machines). A write goes to a temporary folder beside
 * them, every file and folder is synced, then one rename makes the checkpoint appear.
 */
export class LocalCheckpointStore extends CheckpointStore {
  private readonly openForWrite: (path: string) => Promise<Writable>;

  constructor(
    private readonly root: string,
    options: LocalCheckpointStoreOptions = {},
  ) {
    super();
    this.openForWrite = options.openForWrite ?? ((path) => open(path, 'wx'));
  }

  /** Makes the folder and sweeps what crashed writes left in it; called once at start. */
  async start(): Promise<void> {
    await mkdir(join(this.root, TEMPORARY), { recursive: true }).catch((error: Error) => {
      const remedy = 'Correct DATA_DIR, or give this user write access to it.';
      throw new StorageError(`The checkpoint folder cannot be created: ${error.message}. ${remedy}`, { remedy });
    });
    await this.deleteAbandoned();
  }

  async write(path: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const target = this.locate(path);
    for (const name of files.keys()) checkedFileName(name);
    const part = join(this.root, TEMPORARY, partName());
    try {
      await mkdir(part, { recursive: true });
      for (const [name, bytes] of files) await this.writeFile(join(part, name), bytes);
      await syncFolder(part);
      await makeParents(target);
      await removeAtOnce(target, `${part}.replaced`);
      await rename(part, target);
      await syncFolder(dirname(target));
    } catch (error) {
      await rm(part, { recursive: true, force: true });
      const failure = toStorageError(error, `checkpoint ${path}`, this.root);
      if (failure instanceof StorageFullError) await this.deleteAbandoned().catch(() => undefined);
      throw failure;
    }
  }

  async read(path: string, file: string): Promise<Uint8Array> {
    const source = join(this.locate(path), checkedFileName(file));
    try {
      return await readFile(source);
    } catch (error) {
      throw readingFailed(`file ${file} of checkpoint ${path}`, this.root, error);
    }
  }

  async list(path: string): Promise<string[]> {
    const folder = this.locate(path);
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .sort();
    } catch (error) {
      throw readingFailed(`checkpoint ${path}`, this.root, error);
    }
  }

  async exists(path: string): Promise<boolean> {
    const folder = this.locate(path);
    try {
      return (await stat(folder)).isDirectory();
    } catch (error) {
      if (isMissing(error)) return false;
      throw readingFailed(`checkpoint ${path}`, this.root, error);
    }
  }

  async sizeBytes(path: string): Promise<number> {
    const folder = this.locate(path);
    const names = await this.list(path);
    const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
    return stats.reduce((sum, { size }) => sum + size, 0);
  }

  async delete(path: string): Promise<void> {
    const target = this.locate(path);
    try {
      await mkdir(join(this.root, TEMPORARY), { recursive: true });
      await removeAtOnce(target, join(this.root, TEMPORARY, partName()));
    } catch (error) {
      const failure = toStorageError(error, `the deletion of checkpoint ${path}`, this.root);
      // A rename may need room for a folder's entry; deleting is what makes room.
      if (!(failure instanceof StorageFullError)) throw failure;
      await rm(target, { recursive: true, force: true });
    }
  }

  async checkWritable(): Promise<void> {
    const part = join(this.root, TEMPORARY, partName());
    try {
      await mkdir(part, { recursive: true });
      await this.writeFile(join(part, 'probe'), PROBE);
    } catch (error) {
      throw toStorageError(error, 'checkpoints', this.root);
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  }

  async freeBytes(): Promise<number | null> {
    return statfs(this.root).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    );
  }

  async folders(path: string): Promise<StoredFolder[]> {
    const parent = this.locate(path);
    try {
      return await foldersIn(parent);
    } catch (error) {
      throw readingFailed(`folder ${path}`, this.root, error);
    }
  }

  async deleteAbandoned(): Promise<void> {
    const temporary = join(this.root, TEMPORARY);
    try {
      for (const folder of await foldersIn(temporary)) {
        if (isAbandoned(folder)) await rm(join(temporary, folder.name), { recursive: true, force: true });
      }
    } catch (error) {
      throw toStorageError(error, 'the deletion of unfinished checkpoints', this.root);
    }
  }

  private locate(path: string): string {
    return join(this.root, ...checkedPath(path));
  }

  private async writeFile(path: string, bytes: Uint8Array): Promise<void> {
    const file = await this.openForWrite(path);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
