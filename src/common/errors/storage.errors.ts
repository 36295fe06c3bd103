import { AppError, type ErrorDetails } from './app-error.js';

/** The disk that holds checkpoints or caches is full (or a quota is reached). */
export class StorageFullError extends AppError {
  constructor(what: string, path: string, options?: ErrorOptions) {
    const remedy = 'Free disk space or move DATA_DIR to a larger disk, then try again.';
    super(
      'storage_full',
      'server',
      507,
      `There is no room left to write ${what} under ${path}. ${remedy}`,
      { remedy },
      options,
    );
  }
}

/** Stored data is missing, damaged or cannot be read or written. */
export class StorageError extends AppError {
  constructor(message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super('storage_failed', 'server', 500, message, details, options);
  }
}

const FULL_DISK_CODES = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The error to throw in place of a file system error that happened while writing; AppErrors pass unchanged. */
export function toStorageError(error: unknown, what: string, path: string): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (FULL_DISK_CODES.has(code)) return new StorageFullError(what, path, { cause: error });
  const reason = error instanceof Error ? error.message : String(error);
  return new StorageError(`Writing ${what} under ${path} failed: ${reason}`, {}, { cause: error });
}
