import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../common/errors/storage.errors.js';
import { checkedPath, type StoredFolder } from '../checkpoint-store.js';
import { FileStore } from '../file-store.js';
import { LocalFileStore } from '../local/local-file-store.js';
import { type LocalStoreSettings } from '../local/local-store-settings.js';
import { LocalWorkspace } from '../local/local-workspace.js';
import { foldersOf } from './object-folders.js';
import { type S3Bucket } from './s3-bucket.js';

const FOLDER = 'files/';

/** Files in a bucket, each one object. */
export class S3FileStore extends FileStore {
  /** @param workspace a local folder for what tasks work on */
  constructor(
    private readonly bucket: S3Bucket,
    private readonly workspace: LocalWorkspace,
  ) {
    super();
  }

  start(): Promise<void> {
    return this.workspace.deleteAbandoned();
  }

  async write(path: string, content: AsyncIterable<Uint8Array>): Promise<number> {
    return this.bucket.put(keyOf(path), content, `File ${path}`);
  }

  async read(path: string, start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length === 0) return new Uint8Array(0);
    return this.bucket.read(keyOf(path), { start, end: start + length - 1 }, stored(path));
  }

  stream(path: string): AsyncIterable<Uint8Array> {
    return this.bucket.stream(keyOf(path), stored(path));
  }

  async sizeBytes(path: string): Promise<number> {
    const bytes = await this.bucket.size(keyOf(path), stored(path));
    if (bytes === null) throw new StorageError(`${stored(path)} is missing.`);
    return bytes;
  }

  async withLocalFiles<T>(folder: string, work: (store: LocalStoreSettings) => Promise<T>): Promise<T> {
    return this.workspace.use(async (root) => {
      const local = new LocalFileStore(root);
      const known = new Set<string>();
      for await (const { key } of this.bucket.list(`${keyOf(folder)}/`, stored(folder))) {
        const path = key.slice(FOLDER.length);
        known.add(path);
        await local.write(path, this.stream(path));
      }
      const result = await work({ folder: root, fullFlag: '' });
      for (const name of await readdir(join(root, folder))) {
        const path = `${folder}/${name}`;
        if (!known.has(path)) await this.write(path, local.stream(path));
      }
      return result;
    });
  }

  async delete(path: string): Promise<void> {
    const what = `The deletion of file ${path}`;
    // Looked at first: some servers take the name of a folder for that of an object, and fail.
    if ((await this.bucket.size(keyOf(path), what)) !== null) await this.bucket.delete(keyOf(path), what);
    await this.bucket.deleteBelow(`${keyOf(path)}/`, what);
  }

  folders(): Promise<StoredFolder[]> {
    return foldersOf(this.bucket, FOLDER);
  }

  async deleteAbandoned(): Promise<void> {
    await this.bucket.abortAbandoned(FOLDER, 'The deletion of unfinished files');
    await this.workspace.deleteAbandoned();
  }
}

function keyOf(path: string): string {
  return FOLDER + checkedPath(path).join('/');
}

function stored(path: string): string {
  return `Stored file ${path}`;
}
