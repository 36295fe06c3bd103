import { AppError } from '../../common/errors/app-error.js';

/** A definition of more text than any loss needs. */
export class LossTooLargeError extends AppError {
  constructor(amount: number, most: number, unit: 'bytes' | 'names, numbers and operators in its formulas') {
    const remedy = 'Define repeated expressions in "let" and use their names.';
    super('loss_too_large', 'user', 413, `The definition has ${amount} ${unit}; the limit is ${most}. ${remedy}`, {
      limit: most,
      remedy,
    });
  }
}
