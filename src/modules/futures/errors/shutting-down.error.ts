import { AppError } from '../../../common/errors/app-error.js';

/** The process ends while a client waits; the operation is in the log and goes on at the next start. */
export class ShuttingDownError extends AppError {
  constructor(requestId: string) {
    const remedy = 'Retrieve its result with POST /retrieve_future once the server is back.';
    super(
      'shutting_down',
      'server',
      503,
      `The server is shutting down before request ${requestId} is completed. ${remedy}`,
      {
        request_id: requestId,
        remedy,
      },
    );
  }
}
