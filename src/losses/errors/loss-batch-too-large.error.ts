import { AppError } from '../../common/errors/app-error.js';

/** A written loss would take too much time and memory on this batch. */
export class LossBatchTooLargeError extends AppError {
  constructor(loss: string, numbers: number, most: number) {
    const remedy =
      'Send the batch as several requests (gradients accumulate until optim_step), with fewer targets per position, ' +
      'or write the loss with fewer steps.';
    super(
      'loss_batch_too_large',
      'user',
      422,
      `Loss ${loss} computes ${numbers} values for this batch (its steps times the targets); the limit is ${most}. ${remedy}`,
      { field: 'data', limit: most, remedy },
    );
  }
}
