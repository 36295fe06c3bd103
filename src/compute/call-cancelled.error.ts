import { AppError } from '../common/errors/app-error.js';

/** A call to the engine was given up while it ran: by a request to cancel it, or because its client went away. */
export class CallCancelledError extends AppError {
  constructor() {
    const remedy = 'Send the request again if it is wanted after all.';
    super('cancelled', 'user', 409, `The request was cancelled while it ran. ${remedy}`, { remedy });
  }
}

/** @throws CallCancelledError when the signal has aborted */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CallCancelledError();
}
