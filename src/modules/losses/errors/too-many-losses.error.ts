import { AppError } from '../../../common/errors/app-error.js';

/** The key has registered as many versions of losses as it may have. */
export class TooManyLossesError extends AppError {
  constructor(most: number) {
    const remedy = 'Delete losses that are no longer used: DELETE /loss_functions/{name}.';
    super('too_many_losses', 'user', 409, `The limit of ${most} loss versions is reached. ${remedy}`, {
      field: 'name',
      limit: most,
      remedy,
    });
  }
}
