import { type AppError, deserializeError, type SerializedError } from '../../common/errors/app-error.js';
import { StorageOutageError } from '../../common/errors/storage.errors.js';

/** An outage of the disk that the engine writes to: what was asked of it may succeed later. */
class EngineStorageOutageError extends StorageOutageError {}

const STORAGE_OUTAGES: ReadonlySet<string> = new Set(['storage_full', 'storage_unavailable']);

/** The error behind a link, in the class by which it is known here where that decides what happens next. */
export function reviveError(error: SerializedError): AppError {
  if (!STORAGE_OUTAGES.has(error.code)) return deserializeError(error);
  const { code, category, status, message, details } = error;
  return new EngineStorageOutageError(code, category, status, message, details);
}
