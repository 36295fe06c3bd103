import { AppError } from '../../../common/errors/app-error.js';

/** The key has as many adapters as it may have. 403 and not 429: waiting does not help, and clients would wait. */
export class TooManyAdaptersError extends AppError {
  constructor(limit: number) {
    const remedy =
      'Delete those that are no longer used with DELETE /adapters/{model_id}, or ask the operator to raise ' +
      'MAX_ADAPTERS_PER_KEY or the limit of the key.';
    super('too_many_adapters', 'user', 403, `This key has reached its limit of ${limit} adapters. ${remedy}`, {
      field: 'model_id',
      limit,
      remedy,
    });
  }
}
