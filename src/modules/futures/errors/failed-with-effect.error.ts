import { AppError } from '../../../common/errors/app-error.js';
import { type OperationEffect } from '../log/operation.js';

/**
 * An operation that fails, and changes its adapter all the same. The log keeps it among what has changed the adapter:
 * whoever rebuilds the state repeats the effect. The client gets the error as it is.
 */
export class FailedWithEffectError extends AppError {
  constructor(
    { code, category, status, message, details }: AppError,
    /** The digest marks it in the log. */
    readonly effect: OperationEffect & { readonly digest: string },
  ) {
    super(code, category, status, message, details);
  }
}
