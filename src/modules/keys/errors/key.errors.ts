import { AppError } from '../../../common/errors/app-error.js';

/** The request has no key, or one that is unknown or revoked. */
export class UnauthorizedError extends AppError {
  constructor(given: boolean) {
    const problem = given ? 'The API key is not known here, or was revoked.' : 'The request has no API key.';
    const remedy = 'Send a key of this server in the header X-API-Key.';
    super('unauthorized', 'user', 401, `${problem} ${remedy}`, { field: 'X-API-Key', remedy });
  }
}

/** Strangers could reach the server, and it asks for no key. */
export class UnprotectedServerError extends AppError {
  constructor(host: string) {
    super(
      'unprotected_server',
      'user',
      500,
      `HOST=${host} can be reached from other machines, but no API key is configured. Set API_KEYS, or make a key with ` +
        '`npm run keys -- create <name>`, or set ALLOW_NO_KEYS=true if everybody may use the service.',
    );
  }
}
