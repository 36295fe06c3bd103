import { AppError } from '../../../common/errors/app-error.js';

/** What a request fails with when its client gives it up before a worker has started it. */
export class RequestCancelledError extends AppError {
  constructor(requestId: string) {
    const remedy = 'Send it again with a new seq_id if you still need it.';
    super('cancelled', 'user', 409, `Request ${requestId} was cancelled before it started. ${remedy}`, { remedy });
  }
}
