import { type StoredFolder } from './checkpoint-store.js';
import { type LocalStoreSettings } from './local/local-store-settings.js';

/**
 * Where large files live that are written as a stream and read in ranges, as a port and its DI token. A file is there
 * whole or not at all, also after a crash or on a full disk; whoever writes names it in a row only afterwards. Paths
 * ("file-01J.../content") mean nothing to the store.
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
  /**
   * Lets `work` read and write the files of a folder as those of a local store: a task of another thread or process, which
   * holds no credentials. What it has written there is in this store when the call returns.
   */
  abstract withLocalFiles<T>(folder: string, work: (store: LocalStoreSettings) => Promise<T>): Promise<T>;
  /** Deletes a file, or everything below a path; a path that is not there is ignored. */
  abstract delete(path: string): Promise<void>;
  /** The folders of the first level, sorted. */
  abstract folders(): Promise<StoredFolder[]>;
  /** Deletes what writes that crashed have left. Writes that run, of this process or another, are left alone. */
  abstract deleteAbandoned(): Promise<void>;
}
