import { AppError, type ErrorDetails } from './app-error.js';

/** Room is made by an operator, not within seconds. */
const RETRY_AFTER_S = 15;

/**
 * The disk, or the database's disk, takes nothing at the moment. It passes once an operator has made room, so a request
 * that was accepted waits for that; one that is answered directly is refused with Retry-After.
 */
export abstract class StorageOutageError extends AppError {}

/** The disk that holds checkpoints or caches is full (or a quota is reached). */
export class StorageFullError extends StorageOutageError {
  constructor(what: string, path: string, options?: ErrorOptions) {
    const remedy = 'Free disk space or move DATA_DIR to a larger disk, then try again.';
    super(
      'storage_full',
      'server',
      507,
      `There is no disk space left to write ${what} under ${path}. ${remedy}`,
      { retry_after_s: RETRY_AFTER_S, remedy },
      options,
    );
  }
}

/** The database's disk is full: it reads, and writes nothing. */
export class DatabaseFullError extends StorageOutageError {
  constructor(cause: unknown) {
    const remedy = "Free space on the database's disk, then try again; what was accepted before is not lost.";
    super(
      'storage_full',
      'server',
      507,
      `The server's database has run out of disk space. ${remedy}`,
      { retry_after_s: RETRY_AFTER_S, remedy },
      { cause },
    );
  }
}

/** The disk is mounted read-only, or the process has no file handles left. */
export class StorageUnavailableError extends StorageOutageError {
  constructor(what: string, path: string, cause: Error) {
    const remedy = 'Make DATA_DIR writable again, or raise the limit on open files, then try again.';
    super(
      'storage_unavailable',
      'server',
      503,
      `${what} under ${path} cannot be accessed at the moment: ${cause.message}. ${remedy}`,
      { retry_after_s: RETRY_AFTER_S, remedy },
      { cause },
    );
  }
}

/** Stored data is missing, damaged or cannot be read or written. */
export class StorageError extends AppError {
  constructor(message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super('storage_failed', 'server', 500, message, details, options);
  }
}

const FULL_DISK_CODES = new Set(['ENOSPC', 'EDQUOT']);
const UNAVAILABLE_CODES = new Set(['EROFS', 'EMFILE', 'ENFILE']);

/** The error to throw instead of a file system error that happened while writing; AppErrors pass unchanged. */
export function toStorageError(error: unknown, what: string, path: string): AppError {
  if (error instanceof AppError) return error;
  const outage = toStorageOutage(error, what, path);
  if (outage !== null) return outage;
  const reason = error instanceof Error ? error.message : String(error);
  return new StorageError(`Writing ${what} under ${path} failed: ${reason}`, {}, { cause: error });
}

/** Null where waiting would not help. */
export function toStorageOutage(error: unknown, what: string, path: string): StorageOutageError | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  const code = String(error.code);
  if (FULL_DISK_CODES.has(code)) return new StorageFullError(what, path, { cause: error });
  return UNAVAILABLE_CODES.has(code) ? new StorageUnavailableError(what, path, error) : null;
}

/** The full disk of the database behind an error of a query (SQLSTATE 53100), or null. */
export function toDatabaseFull(error: unknown): DatabaseFullError | null {
  if (!(error instanceof Error) || !('driverError' in error) || !(error.driverError instanceof Error)) return null;
  return Reflect.get(error.driverError, 'code') === '53100' ? new DatabaseFullError(error) : null;
}
