import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type StoredFolder } from '../checkpoint-store.js';
import { ContentSource } from '../content-source.js';
import { FileStore } from '../file-store.js';
import { foldersIn, makeParents, readingFailed, syncFolder } from './local-folders.js';
import { LocalRoot, type LocalRootOptions, TEMPORARY } from './local-root.js';
import { type LocalStoreSettings } from './local-store-settings.js';

const PIECE_BYTES = 2 ** 20;

/**
 * Files in a local folder (or a shared one, for several machines). A write goes to a temporary file beside them, which is
 * synced and appears by one rename.
 */
export class LocalFileStore extends FileStore {
  private readonly root: LocalRoot;

  constructor(folder: string, options: LocalRootOptions = {}) {
    super();
    this.root = new LocalRoot(folder, 'file', options);
  }

  /** Makes the folder and sweeps what crashed writes left in it; called once at start. */
  start(): Promise<void> {
    return this.root.start();
  }

  async write(path: string, content: AsyncIterable<Uint8Array>): Promise<number> {
    const target = this.root.locate(path);
    const part = this.root.newPart();
    const source = new ContentSource(content);
    try {
      await mkdir(dirname(part), { recursive: true });
      await this.writePart(part, source.pieces());
      await makeParents(target);
      await rename(part, target);
      await syncFolder(dirname(target));
      return source.bytes;
    } catch (error) {
      if (!source.failed) throw await this.root.failureOf(path, part, error);
      await rm(part, { force: true });
      throw error;
    }
  }

  async read(path: string, start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const source = this.root.locate(path);
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
      throw readingFailed(`file ${path}`, this.root.folder, error);
    }
  }

  async *stream(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    const source = this.root.locate(path);
    try {
      for await (const piece of createReadStream(source, { highWaterMark: PIECE_BYTES })) yield piece as Buffer;
    } catch (error) {
      throw readingFailed(`file ${path}`, this.root.folder, error);
    }
  }

  async sizeBytes(path: string): Promise<number> {
    const source = this.root.locate(path);
    try {
      return (await stat(source)).size;
    } catch (error) {
      throw readingFailed(`file ${path}`, this.root.folder, error);
    }
  }

  withLocalFiles<T>(_folder: string, work: (store: LocalStoreSettings) => Promise<T>): Promise<T> {
    return work(this.root.settings);
  }

  delete(path: string): Promise<void> {
    return this.root.delete(path);
  }

  async folders(): Promise<StoredFolder[]> {
    try {
      return (await foldersIn(this.root.folder)).filter(({ name }) => name !== TEMPORARY);
    } catch (error) {
      throw readingFailed('files', this.root.folder, error);
    }
  }

  deleteAbandoned(): Promise<void> {
    return this.root.deleteAbandoned();
  }

  private async writePart(part: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const file = await this.root.openForWrite(part);
    try {
      for await (const piece of pieces) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
