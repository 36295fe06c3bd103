import { AppError } from '../common/errors/app-error.js';

/** A generation was given up while it ran: by a request to cancel it, or because its client went away. */
export class GenerationCancelledError extends AppError {
  constructor() {
    const remedy = 'Send the request again if it is wanted after all.';
    super('cancelled', 'user', 409, `The generation was cancelled while it ran. ${remedy}`, { remedy });
  }
}

/** @throws GenerationCancelledError when the signal has aborted */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new GenerationCancelledError();
}
