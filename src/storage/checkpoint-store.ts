import { InvalidRequestError } from '../common/errors/request.errors.js';

/** A folder somewhere below a path, as the store shows it to whoever tidies up. */
export interface StoredFolder {
  readonly name: string;
  readonly writtenAt: Date;
}

export interface DownloadLink {
  /** Which browsers give the download. */
  readonly filename: string;
  readonly validS: number;
}

/**
 * Where checkpoints live, as a port and its DI token. A checkpoint is a small folder of files that is written once, as
 * a whole, and found by its path ("adapters/01J.../state-12"). It is there whole or not at all, also after a crash or
 * on a full disk; whoever writes names it in a row only afterwards. Paths mean nothing to the store. The implementations are
 * folders (local) and objects of a bucket (s3); test/medium/stores holds both to this contract.
 */
export abstract class CheckpointStore {
  /**
   * Writes a checkpoint; when it returns, the checkpoint survives a crash of the machine. A path that exists is
   * replaced, so that a repeat after a crash succeeds.
   * @throws StorageOutageError (507 on a full disk) where it may succeed later, StorageError on other faults; nothing of
   * it is ever seen.
   */
  abstract write(path: string, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** Copies a checkpoint to a path that is free, without the bytes passing through this process where that can be avoided.
   * @throws StorageError when there is no such checkpoint, as `write` otherwise */
  abstract copy(from: string, to: string): Promise<void>;
  /** One file of a checkpoint. @throws StorageError when it is not there. */
  abstract read(path: string, file: string): Promise<Uint8Array>;
  /** Names of a checkpoint's files, sorted. @throws StorageError when there is no such checkpoint. */
  abstract list(path: string): Promise<string[]>;
  abstract exists(path: string): Promise<boolean>;
  /** Bytes of all its files. @throws StorageError when there is no such checkpoint. */
  abstract sizeBytes(path: string): Promise<number>;
  /** Deletes a checkpoint, or everything below a path; a path that is not there is ignored. */
  abstract delete(path: string): Promise<void>;
  /**
   * An address at which everybody may download all files of a checkpoint as a tar until the link expires; null where the store
   * has no such addresses, or is told to give none.
   */
  abstract downloadLink(path: string, link: DownloadLink): Promise<string | null>;
  /** The folders right below a path, checkpoints or parts of their paths, sorted; none where there is no such path. */
  abstract folders(path: string): Promise<StoredFolder[]>;
  /** Tries a small write. @throws StorageOutageError, StorageError as `write` */
  abstract checkWritable(): Promise<void>;
  /** Bytes that are left for more, as far as the store knows. */
  abstract freeBytes(): Promise<number | null>;
  /** Deletes what writes that crashed have left. Writes that run, of this process or another, are left alone. */
  abstract deleteAbandoned(): Promise<void>;
}

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const MAX_SEGMENTS = 8;

/** The parts of a checkpoint's path. @throws InvalidRequestError on '..', absolute paths and all other tricks. */
export function checkedPath(path: string): string[] {
  const segments = path.split('/');
  if (segments.length <= MAX_SEGMENTS && segments.every((segment) => SEGMENT.test(segment))) return segments;
  throw new InvalidRequestError(`${JSON.stringify(path)} cannot be the path of a checkpoint.`, { remedy: REMEDY });
}

/** @throws InvalidRequestError when the name could lead out of the checkpoint's folder. */
export function checkedFileName(name: string): string {
  if (SEGMENT.test(name)) return name;
  throw new InvalidRequestError(`${JSON.stringify(name)} cannot be a file of a checkpoint.`, { remedy: REMEDY });
}

const REMEDY = 'Use letters, digits, dots, dashes and underscores, starting with a letter or a digit.';
