import { AppError } from '../../common/errors/app-error.js';

/** A definition of more text than any loss needs. */
export class LossTooLargeError extends AppError {
  constructor(amount: number, most: number, unit: 'bytes' | 'names, numbers and signs in its formulas') {
    const remedy = 'Name what is repeated in "let" and use the name.';
    super(
      'loss_too_large',
      'user',
      413,
      `The definition has ${amount} ${unit}; at most ${most} are allowed. ${remedy}`,
      { limit: most, remedy },
    );
  }
}
