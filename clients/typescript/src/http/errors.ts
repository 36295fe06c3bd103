import { type Schemas } from '../schemas.js';

/** Base of every error that this package throws, except the reason of an aborted signal. */
export class ThinkerError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The server could not be reached, or the connection broke. Whether the request was accepted is unknown. */
export class ConnectionError extends ThinkerError {}

/** What an error of either dialect says. */
export interface Refusal {
  /** Missing for an error in the middle of a stream. */
  readonly status: number | undefined;
  readonly message: string;
  /** Stable code for programs, such as `not_found`. */
  readonly code: string | undefined;
  /** The field of the request at fault, as a path: `data[2].messages`. */
  readonly param: string | undefined;
  /** What to do about it. */
  readonly remedy: string | undefined;
  /** More details depending on the code. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The server refused a request, or an operation failed. */
export class ApiError extends ThinkerError implements Refusal {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly param: string | undefined;
  readonly remedy: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.status = refusal.status;
    this.code = refusal.code;
    this.param = refusal.param;
    this.remedy = refusal.remedy;
    this.details = refusal.details;
  }
}

/** 400, 413, 415 or 422: the request is invalid, or its numbers cannot be computed. */
export class InvalidRequestError extends ApiError {}
/** 401: the API key is missing or unknown. */
export class AuthenticationError extends ApiError {}
/** 403 or 421: not allowed with this key, or under this host name. */
export class PermissionError extends ApiError {}
export class NotFoundError extends ApiError {}
/** 409: the name is in use, or the resource is in a state that does not allow the request. */
export class ConflictError extends ApiError {}
/** 429: too many requests are pending. */
export class RateLimitError extends ApiError {}
/** 5xx: the server failed, or is not available. */
export class ServerError extends ApiError {}

const BY_STATUS: Readonly<Record<number, typeof ApiError>> = {
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  421: PermissionError,
  429: RateLimitError,
};

/** The error for an answer that is none of the successes; `text` is its body. */
export function toApiError(status: number, text: string): ApiError {
  return makeError(status, parse(text)?.error, text);
}

/** The error in an event of a stream, or undefined if the event is none. */
export function errorInEvent(data: unknown): ApiError | undefined {
  if (typeof data !== 'object' || data === null || !('error' in data)) return undefined;
  const { error, status_code: status } = data as Partial<Schemas['ErrorDto']>;
  return makeError(status, error, JSON.stringify(data));
}

type Contents = Partial<Schemas['ErrorContentDto'] & Schemas['OpenAiErrorContentDto']>;

function makeError(status: number | undefined, contents: Contents | undefined, text: string): ApiError {
  const details: Record<string, unknown> = contents?.details ?? {};
  const shown = text.trim().slice(0, 200);
  const refusal: Refusal = {
    status,
    message: contents?.message ?? `The answer has status ${status}${shown === '' ? '' : ` and says: ${shown}`}.`,
    code: contents?.code,
    param: contents?.param ?? textOf(details['field']),
    remedy: textOf(details['remedy']),
    details,
  };
  const kind = BY_STATUS[status ?? 0] ?? ((status ?? 500) < 500 ? InvalidRequestError : ServerError);
  return new kind(refusal);
}

/** Undefined for what is not JSON, such as the page of a proxy. */
function parse(text: string): { readonly error?: Contents } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
