import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StorageError, StorageFullError, toStorageError } from '../common/errors/storage.errors.js';
import { checkedPath, type StoredFolder } from './checkpoint-store.js';
import { FileStore } from './file-store.js';
import { foldersIn, makeParents, readingFailed, removeAtOnce, syncFolder, unlessMissing } from './local-folders.js';
import { isAbandoned, partName } from './part-names.js';

type Writable = Pick<FileHandle, 'writeFile' | 'sync' | 'close'>;

export interface LocalFileStoreOptions {
  /** Opens a new file; a test puts a full disk here. */
  readonly openForWrite?: (path: string) => Promise<Writable>;
}

/** Dots cannot begin a path, so this folder never meets one. */
const TEMPORARY = '.tmp';
const PIECE_BYTES = 2 ** 20;

/**
 * Files in a local folder (or a shared one, for several machines). A write goes to a temporary file beside them, which is
 * synced and appears by one rename.
 */
export class LocalFileStore extends FileStore {
  private readonly openForWrite: (path: string) => Promise<Writable>;

  constructor(
    private readonly root: string,
    options: LocalFileStoreOptions = {},
  ) {
    super();
    this.openForWrite = options.openForWrite ?? ((path) => open(path, 'wx'));
  }

  /** Makes the folder and sweeps what crashed writes left in it; called once at start. */
  async start(): Promise<void> {
    await mkdir(join(this.root, TEMPORARY), { recursive: true }).catch((error: Error) => {
      const remedy = 'Correct DATA_DIR, or give this user write access to it.';
      throw new StorageError(`The folder of files cannot be created: ${error.message}. ${remedy}`, { remedy });
    });
    await this.deleteAbandoned();
  }

  async write(path: string, content: AsyncIterable<Uint8Array>): Promise<number> {
    const target = this.locate(path);
    const part = join(this.root, TEMPORARY, partName());
    const source = new Source(content);
    try {
      await mkdir(dirname(part), { recursive: true });
      const bytes = await this.writePart(part, source.pieces());
      await makeParents(target);
      await rename(part, target);
      await syncFolder(dirname(target));
      return bytes;
    } catch (error) {
      await rm(part, { force: true });
      if (source.failed) throw error;
      const failure = toStorageError(error, `file ${path}`, this.root);
      if (failure instanceof StorageFullError) await this.deleteAbandoned().catch(() => undefined);
      throw failure;
    }
  }

  async read(path: string, start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const source = this.locate(path);
    try {
      const file = await open(source, 'r');
      try {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await file.read(bytes, 0, length, start);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw readingFailed(`file ${path}`, this.root, error);
    }
  }

  async *stream(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    const source = this.locate(path);
    try {
      for await (const piece of createReadStream(source, { highWaterMark: PIECE_BYTES })) yield piece as Buffer;
    } catch (error) {
      throw readingFailed(`file ${path}`, this.root, error);
    }
  }

  async sizeBytes(path: string): Promise<number> {
    const source = this.locate(path);
    try {
      return (await stat(source)).size;
    } catch (error) {
      throw readingFailed(`file ${path}`, this.root, error);
    }
  }

  async delete(path: string): Promise<void> {
    const target = this.locate(path);
    try {
      await mkdir(join(this.root, TEMPORARY), { recursive: true });
      await removeAtOnce(target, join(this.root, TEMPORARY, partName()));
    } catch (error) {
      const failure = toStorageError(error, `the deletion of file ${path}`, this.root);
      // A rename may need room for a folder's entry; deleting is what makes room.
      if (!(failure instanceof StorageFullError)) throw failure;
      await rm(target, { recursive: true, force: true });
    }
  }

  async folders(): Promise<StoredFolder[]> {
    try {
      return (await foldersIn(this.root)).filter(({ name }) => name !== TEMPORARY);
    } catch (error) {
      throw readingFailed('files', this.root, error);
    }
  }

  async deleteAbandoned(): Promise<void> {
    const temporary = join(this.root, TEMPORARY);
    try {
      for (const name of (await readdir(temporary).catch(unlessMissing)) ?? []) {
        const found = await stat(join(temporary, name)).catch(unlessMissing);
        if (!found || !isAbandoned({ name, writtenAt: found.mtime })) continue;
        await rm(join(temporary, name), { recursive: true, force: true });
      }
    } catch (error) {
      throw toStorageError(error, 'the deletion of unfinished files', this.root);
    }
  }

  private locate(path: string): string {
    return join(this.root, ...checkedPath(path));
  }

  private async writePart(part: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
    const file = await this.openForWrite(part);
    let bytes = 0;
    try {
      for await (const piece of pieces) {
        await file.writeFile(piece);
        bytes += piece.byteLength;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return bytes;
  }
}

/** Tells the faults of what is written from those of the disk. */
class Source {
  failed = false;

  constructor(private readonly content: AsyncIterable<Uint8Array>) {}

  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.content;
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }
}
