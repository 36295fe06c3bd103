import { NotFoundError } from '../../../common/errors/request.errors.js';

/** No request has this id, or retention has deleted it. */
export class FutureNotFoundError extends NotFoundError {
  constructor(requestId: string) {
    super('Future', requestId, {
      field: 'request_id',
      remedy: 'Use the request_id from the response to the request; settled requests are kept for a limited time.',
    });
  }
}
