import { randomUUID } from 'node:crypto';
import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { StorageError } from '../../common/errors/storage.errors.js';
import {
  checkedFileName,
  checkedPath,
  CheckpointStore,
  type DownloadLink,
  type StoredFolder,
} from '../checkpoint-store.js';
import { packCheckpoint } from './checkpoint-tar.js';
import { foldersOf } from './object-folders.js';
import { ObjectChangedError } from './object-download.js';
import { type S3Bucket } from './s3-bucket.js';

import { decodeTarIndex, MAX_NAME_LENGTH, type TarIndex } from './tar-index.js';

const FOLDER = 'checkpoints/';
const ENDING = '.tar';
/** The index and most small files. */
const HEAD_BYTES = 65_536;
/** Checkpoints whose index is kept. */
const KEPT = 32;
/** A write that succeeded this long ago proves that writing works: a try costs money. */
const PROVEN_MS = 30_000;

/** Of one version of the object. */
interface Known extends TarIndex {
  readonly etag: string;
}

/**
 * Checkpoints in a bucket, each one object: a tar of its files that begins with an index. So it is there whole or not at
 * all, can be copied within the server, and is what a download link leads to.
 */
export class S3CheckpointStore extends CheckpointStore {
  private readonly known = new Map<string, Known>();
  private provenAt = -Infinity;

  constructor(private readonly bucket: S3Bucket) {
    super();
  }

  /** Tries all that the service will do there. @throws StorageError that names the setting at fault */
  async start(): Promise<void> {
    const key = `.probe/${randomUUID()}`;
    const what = 'A test object';
    try {
      await this.bucket.put(key, probe(), what);
      const listed: string[] = [];
      for await (const object of this.bucket.list(key, what)) listed.push(object.key);
      if (listed[0] !== key) throw new StorageError(`${what} was written and is not listed.`);
      await this.bucket.head(key, PROBE.length, what);
      await this.bucket.delete(key, what);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new StorageError(`CHECKPOINT_STORE=${this.bucket.address} cannot be used. ${reason}`, {}, { cause: error });
    }
  }

  async write(path: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    for (const name of files.keys()) {
      if (checkedFileName(name).length > MAX_NAME_LENGTH) {
        throw new InvalidRequestError(`The name ${name} of a file of a checkpoint is too long for a tar.`);
      }
    }
    await this.bucket.put(keyOf(path), packCheckpoint(files, new Date()), `Checkpoint ${path}`);
    this.provenAt = performance.now();
  }

  async copy(from: string, to: string): Promise<void> {
    await this.bucket.copy(keyOf(from), keyOf(to), stored(from));
  }

  async read(path: string, file: string): Promise<Uint8Array> {
    checkedFileName(file);
    const known = this.known.get(path);
    if (known !== undefined) {
      try {
        return await this.readFrom(known, path, file);
      } catch (error) {
        if (!(error instanceof ObjectChangedError)) throw error;
      }
    }
    const { head, ...found } = await this.look(path);
    return this.readFrom(found, path, file, head);
  }

  async list(path: string): Promise<string[]> {
    const { entries } = await this.look(path);
    return [...entries.keys()].sort();
  }

  async exists(path: string): Promise<boolean> {
    return (await this.bucket.size(keyOf(path), stored(path))) !== null;
  }

  async sizeBytes(path: string): Promise<number> {
    const { entries } = await this.look(path);
    return [...entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async delete(path: string): Promise<void> {
    const what = `The deletion of checkpoint ${path}`;
    await this.bucket.delete(keyOf(path), what);
    await this.bucket.deleteBelow(`${folderOf(path)}/`, what);
  }

  async downloadLink(path: string, { filename, validS }: DownloadLink): Promise<string | null> {
    return this.bucket.link(keyOf(path), filename, validS);
  }

  async folders(path: string): Promise<StoredFolder[]> {
    return foldersOf(this.bucket, `${folderOf(path)}/`, ENDING);
  }

  async checkWritable(): Promise<void> {
    if (performance.now() - this.provenAt < PROVEN_MS) return;
    const key = `.probe/${randomUUID()}`;
    await this.bucket.put(key, probe(), 'Checkpoints');
    await this.bucket.delete(key, 'Checkpoints');
    this.provenAt = performance.now();
  }

  /** A bucket knows no such number. */
  async freeBytes(): Promise<null> {
    return null;
  }

  deleteAbandoned(): Promise<void> {
    return this.bucket.abortAbandoned(FOLDER, 'The deletion of unfinished checkpoints');
  }

  /** `head`: bytes that were read just now. @throws ObjectChangedError when this is not the version that is there */
  private async readFrom(
    { entries, etag }: Known,
    path: string,
    file: string,
    head: Buffer = Buffer.alloc(0),
  ): Promise<Uint8Array> {
    const entry = entries.get(file);
    if (entry === undefined) throw new StorageError(`Stored file ${file} of checkpoint ${path} is missing.`);
    const { start, bytes } = entry;
    // In memory of its own: whoever reads may hand it to another thread.
    if (start + bytes <= head.length) return Uint8Array.from(head.subarray(start, start + bytes));
    // An empty file is read with the byte before it, which tells whether this version is there.
    const range = { start: bytes === 0 ? start - 1 : start, end: start + bytes - 1, etag };
    const what = `Stored file ${file} of checkpoint ${path}`;
    const read = await this.bucket.read(keyOf(path), range, what);
    if (bytes === 0) return new Uint8Array(0);
    if (read.length === bytes) return read;
    throw new StorageError(`${what} is damaged: it has ${read.length} of ${bytes} bytes.`);
  }

  /** What the object is at the moment. */
  private async look(path: string): Promise<Known & { readonly head: Buffer }> {
    const { head, bytes, etag } = await this.bucket.head(keyOf(path), HEAD_BYTES, stored(path));
    const index = decodeTarIndex(head, path);
    if (index.bytes !== bytes) {
      throw new StorageError(`Stored checkpoint ${path} is damaged: it has ${bytes} of ${index.bytes} bytes.`);
    }
    this.known.delete(path);
    this.known.set(path, { ...index, etag });
    for (const oldest of this.known.keys()) {
      if (this.known.size <= KEPT) break;
      this.known.delete(oldest);
    }
    return { ...index, etag, head };
  }
}

const PROBE = Buffer.from('This object can be deleted.\n');

async function* probe(): AsyncGenerator<Uint8Array, void, undefined> {
  yield PROBE;
}

function folderOf(path: string): string {
  return FOLDER + checkedPath(path).join('/');
}

function keyOf(path: string): string {
  return folderOf(path) + ENDING;
}

function stored(path: string): string {
  return `Stored checkpoint ${path}`;
}
