import { AppError } from '../../../common/errors/app-error.js';

/** The process ends while a client waits; the operation is in the log and goes on at the next start. */
export class ShuttingDownError extends AppError {
  constructor(requestId: string) {
    const remedy = 'Fetch its result with POST /retrieve_future once the server is up again.';
    super('shutting_down', 'server', 503, `The server stops before request ${requestId} is done. ${remedy}`, {
      request_id: requestId,
      remedy,
    });
  }
}
