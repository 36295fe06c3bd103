import { AppError } from '../../../common/errors/app-error.js';

/** What a request fails with when the time that its client gave it is over before it is done. */
export class DeadlineExceededError extends AppError {
  constructor(requestId: string) {
    const remedy = 'Send it again with a longer X-Timeout-Ms, or without one.';
    const message = `Request ${requestId} was given up: its deadline passed before it was done. ${remedy}`;
    super('deadline_exceeded', 'user', 504, message, { remedy });
  }
}
