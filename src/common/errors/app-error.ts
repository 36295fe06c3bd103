/** Who can mend it: 'user' = the request, 'server' = the operator or us, 'unknown' = not foreseen. */
export type ErrorCategory = 'user' | 'server' | 'unknown';

export interface ErrorDetails {
  /** The request field at fault, as a path: `data[2].loss_fn_inputs.weights`. */
  readonly field?: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** A repeat may succeed after this long; also the header Retry-After. */
  readonly retry_after_s?: number;
  readonly [key: string]: unknown;
}

/**
 * Base of every foreseen failure. The code is stable and meant for programs; the message says what is wrong, where, and
 * what to do. A failed operation stores code, category, message and details, and the client gets them back unchanged,
 * so an error means the same whether it was answered at once or through a future.
 */
export class AppError extends Error {
  constructor(
    readonly code: string,
    readonly category: ErrorCategory,
    /** HTTP status when answered directly. */
    readonly status: number,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The form in which an error is stored in a future and crosses threads. */
export interface SerializedError {
  readonly code: string;
  readonly category: ErrorCategory;
  readonly status: number;
  readonly message: string;
  readonly details: ErrorDetails;
}

export function serializeError(error: AppError): SerializedError {
  const { code, category, status, message, details } = error;
  return { code, category, status, message, details };
}

export function deserializeError(error: SerializedError): AppError {
  return new AppError(error.code, error.category, error.status, error.message, error.details);
}
