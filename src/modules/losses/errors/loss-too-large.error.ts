import { AppError } from '../../../common/errors/app-error.js';

/** A definition of more text than any loss needs. */
export class LossTooLargeError extends AppError {
  constructor(bytes: number, most: number) {
    super('loss_too_large', 'user', 413, `The definition has ${bytes} bytes; at most ${most} are allowed.`, {
      limit_bytes: most,
      remedy: 'Name what is repeated in "let" and use the name.',
    });
  }
}
