import { AppError } from '../../../common/errors/app-error.js';

/** A request wants to read another account's checkpoint with a key that is none of this server. */
export class WeightsAccessTokenError extends AppError {
  constructor() {
    const remedy = 'Pass an API key of the owner of the checkpoint, or omit it.';
    super('unknown_weights_access_token', 'user', 403, `weights_access_token is not a key of this server. ${remedy}`, {
      field: 'weights_access_token',
      remedy,
    });
  }
}
