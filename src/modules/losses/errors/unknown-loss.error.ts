import { AppError } from '../../../common/errors/app-error.js';

const LONGEST_SHOWN = 80;

/** The request names a loss that is not there. */
export class UnknownLossError extends AppError {
  constructor(name: string, known: readonly string[]) {
    const shown = name.length > LONGEST_SHOWN ? `${name.slice(0, LONGEST_SHOWN)}...` : name;
    super('unknown_loss', 'user', 400, `Loss function '${shown}' does not exist. Available: ${known.join(', ')}.`, {
      field: 'loss_fn',
      remedy: `Use one of: ${known.join(', ')}.`,
    });
  }
}
