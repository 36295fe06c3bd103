import { AppError } from '../../common/errors/app-error.js';
import { StorageError, StorageOutageError } from '../../common/errors/storage.errors.js';

const RETRY_AFTER_S = 15;

/** The store of CHECKPOINT_STORE does not answer, is overloaded, or refuses the service. */
export class StoreUnavailableError extends StorageOutageError {
  constructor(what: string, address: string, cause: unknown) {
    const remedy = remedyFor(cause);
    super(
      'storage_unavailable',
      'server',
      503,
      `${what} in ${address} cannot be accessed at the moment: ${reasonOf(cause)}. ${remedy}`,
      { retry_after_s: RETRY_AFTER_S, remedy },
      { cause: withoutRequest(cause) },
    );
  }
}

/** It has no room, or a quota is reached. */
export class StoreFullError extends StorageOutageError {
  constructor(what: string, address: string, cause: unknown) {
    const remedy = 'Raise the quota of the bucket or delete what is not needed, then try again.';
    super(
      'storage_full',
      'server',
      507,
      `There is no space left to write ${what} in ${address}. ${remedy}`,
      { retry_after_s: RETRY_AFTER_S, remedy },
      { cause: withoutRequest(cause) },
    );
  }
}

/** What is thrown instead of a fault of the client. `what`: "Stored checkpoint x". */
export function toS3Failure(error: unknown, what: string, address: string): AppError {
  if (error instanceof AppError) return error;
  const cause = withoutRequest(error);
  if (isMissing(error)) return new StorageError(`${what} is missing.`, {}, { cause });
  if (isFull(error)) return new StoreFullError(what, address, error);
  if (isOutage(error)) return new StoreUnavailableError(what, address, error);
  return new StorageError(`${what} in ${address} cannot be accessed: ${reasonOf(error)}`, {}, { cause });
}

/** Errors of the client carry the request, whose headers are nothing for a log. */
function withoutRequest(error: unknown): Error {
  const cause = new Error(reasonOf(error));
  if (error instanceof Error) cause.stack = error.stack;
  return cause;
}

/** No such object; a bucket or an upload that is missing is another matter. */
export function isMissing(error: unknown): boolean {
  const { name, status } = factsOf(error);
  return name === 'NoSuchKey' || (status === 404 && !name.startsWith('NoSuch'));
}

/** It has ended meanwhile. */
export function isUploadGone(error: unknown): boolean {
  return factsOf(error).name === 'NoSuchUpload';
}

/** The asked-for range begins behind the object's end. */
export function isBehindEnd(error: unknown): boolean {
  return factsOf(error).status === 416;
}

/** The server does not know the operation. */
export function isNotImplemented(error: unknown): boolean {
  return factsOf(error).status === 501;
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Of several addresses of a host, each with its error.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  const text = error.message || (inner instanceof Error ? inner.message : '');
  const named = text === '' || text === 'UnknownError' ? error.name : `${error.name}: ${text}`;
  return named.replace(/^Error: /, '').replace(/\.$/, '');
}

const FULL_NAMES = new Set(['QuotaExceeded', 'QuotaExceededException', 'XMinioStorageFull', 'InsufficientStorage']);

function isFull(error: unknown): boolean {
  const { name, status } = factsOf(error);
  return status === 507 || FULL_NAMES.has(name);
}

/** What the server says of a request itself; waiting does not help. */
const FINAL_STATUSES = new Set([400, 404, 405, 409, 411, 412, 413, 416, 501]);
const OUTAGE_NAMES = new Set<string>([
  // An upload that is gone has ended before: what it should have made is written once more.
  ...(['NoSuchBucket', 'NoSuchUpload', 'RequestTimeout', 'ExpiredToken', 'InvalidToken'] as const),
  ...(['AbortError', 'TimeoutError', 'CredentialsProviderError', 'TokenProviderError'] as const),
]);
const NO_REGION = 'Region is missing';

/** No answer at all, a server in trouble, or access that an operator must mend. */
function isOutage(error: unknown): boolean {
  const { name, status, wasSent } = factsOf(error);
  if (OUTAGE_NAMES.has(name)) return true;
  if (status !== null) return !FINAL_STATUSES.has(status);
  return wasSent || (error instanceof Error && ('code' in error || error.message === NO_REGION));
}

function remedyFor(cause: unknown): string {
  const { name, status } = factsOf(cause);
  if (name === 'NoSuchBucket') return 'Create the bucket, or correct CHECKPOINT_STORE.';
  if (name === 'CredentialsProviderError') {
    return 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or another source of credentials that AWS knows.';
  }
  if (status === 301 || status === 307) return 'Set AWS_REGION to the region of the bucket.';
  if (status === 401 || status === 403) return 'Check the credentials, the clock, and what they may do in the bucket.';
  if (status === null) return 'Check S3_ENDPOINT, AWS_REGION and the network, then try again.';
  return 'Try again when the S3 server has recovered.';
}

interface Facts {
  readonly name: string;
  /** Null where no answer came. */
  readonly status: number | null;
  /** The client has tried to send something. */
  readonly wasSent: boolean;
}

function factsOf(error: unknown): Facts {
  if (!(error instanceof Error)) return { name: '', status: null, wasSent: false };
  const metadata: unknown = Reflect.get(error, '$metadata');
  const status: unknown = typeof metadata === 'object' && metadata ? Reflect.get(metadata, 'httpStatusCode') : null;
  return { name: error.name, status: typeof status === 'number' ? status : null, wasSent: metadata !== undefined };
}
