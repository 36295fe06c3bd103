import { AppError } from '../../common/errors/app-error.js';
import { didYouMean } from '../../common/json/nearest-name.js';
import { shortened } from '../../common/shortened.js';

/** The request names a loss that is not there. */
export class UnknownLossError extends AppError {
  constructor(name: string, known: readonly string[]) {
    super(
      'unknown_loss',
      'user',
      400,
      `Loss function '${shortened(name)}' does not exist. ${didYouMean(name, known)}Available: ${known.join(', ')}.`,
      {
        field: 'loss_fn',
        remedy: `Use one of: ${known.join(', ')}.`,
      },
    );
  }
}
