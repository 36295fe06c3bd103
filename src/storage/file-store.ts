import { type StoredFolder } from './checkpoint-store.js';

/**
 * Where large files live that are written as a stream and read in ranges, as a port and its DI token. A file is there
 * whole or not at all, also after a crash or on a full disk; whoever writes names it in a row only afterwards. Paths
 * ("file-01J.../content") mean nothing to the store, so an object store fits as well as a folder.
 */
export abstract class FileStore {
  /**
   * Writes a file; when it returns, the file survives a crash of the machine. A path that exists is replaced. Errors of
   * `content` pass as they are.
   * @returns its bytes
   * @throws StorageOutageError (507 on a full disk) where it may succeed later, StorageError on other faults; nothing of
   * it stays behind.
   */
  abstract write(path: string, content: AsyncIterable<Uint8Array>): Promise<number>;
  /** A part of a file; shorter where the file ends. @throws StorageError when it is not there */
  abstract read(path: string, start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The whole of a file, piece by piece. @throws StorageError when it is not there */
  abstract stream(path: string): AsyncIterable<Uint8Array>;
  /** Bytes of a file. @throws StorageError when it is not there */
  abstract sizeBytes(path: string): Promise<number>;
  /** Deletes a file, or everything below a path; a path that is not there is ignored. */
  abstract delete(path: string): Promise<void>;
  /** The folders of the first level, sorted. */
  abstract folders(): Promise<StoredFolder[]>;
  /** Deletes what writes that crashed have left. Writes that run, of this process or another, are left alone. */
  abstract deleteAbandoned(): Promise<void>;
}
