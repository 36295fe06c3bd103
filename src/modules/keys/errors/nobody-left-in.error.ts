import { AppError } from '../../../common/errors/app-error.js';

/** The first key makes a server ask for keys; without an operator's key nobody could administer it any more. */
export class NobodyLeftInError extends AppError {
  constructor() {
    const remedy = 'Set ADMIN_KEYS and restart the server, or create the key with `npm run keys -- create <name>`.';
    super(
      'no_operator_key',
      'user',
      409,
      'Once a key exists, every request needs one, and no ADMIN_KEYS are configured that could administer the server. ' +
        remedy,
      { remedy },
    );
  }
}
