import { AppError } from '../../../common/errors/app-error.js';

/**
 * A seq_id came back with another request. The answer is 400 and not 409: clients of the Tinker SDK try again after
 * 409, and no retry can mend this.
 */
export class SeqIdReusedError extends AppError {
  constructor(
    modelId: string,
    seqId: number | string,
    /** The request that has it. */
    readonly requestId: string,
  ) {
    const remedy = 'Use a new number for every request; reuse a number only to repeat the same request.';
    super(
      'seq_id_reused',
      'user',
      400,
      `seq_id ${seqId} of '${modelId}' has already been used for another request (${requestId}). ${remedy}`,
      { field: 'seq_id', request_id: requestId, remedy },
    );
  }
}
