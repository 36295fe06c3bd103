import { AppError } from '../../../common/errors/app-error.js';

/** The request has no key, or one that is unknown, revoked or expired. */
export class UnauthorizedError extends AppError {
  constructor(given: boolean) {
    const problem = given ? 'The API key is unknown, has been revoked or has expired.' : 'The request has no API key.';
    const remedy = 'Send a key of this server in the header X-API-Key, or as Authorization: Bearer <key>.';
    super('unauthorized', 'user', 401, `${problem} ${remedy}`, { field: 'X-API-Key', remedy });
  }
}

/** The request carries two keys, and nobody can say which of them is meant. */
export class TwoKeysError extends AppError {
  constructor() {
    const remedy = 'Send only one of them, or the same key in both.';
    super('unauthorized', 'user', 401, `X-API-Key and Authorization: Bearer contain different keys. ${remedy}`, {
      field: 'Authorization',
      remedy,
    });
  }
}

/** A request with the cookie of the console that changes something, and that any page could have sent. */
export class SessionHeaderError extends AppError {
  constructor() {
    const remedy = 'Send the header X-Thinker-Console, or an API key in X-API-Key instead of the cookie.';
    super(
      'session_header_missing',
      'user',
      403,
      `The session of the console is not enough to change something. ${remedy}`,
      {
        field: 'X-Thinker-Console',
        remedy,
      },
    );
  }
}

/** Only the operator can take away a key that stands in the server's settings. */
export class KeyNotRevocableError extends AppError {
  constructor(source: 'configured' | 'none') {
    const [problem, remedy] =
      source === 'none'
        ? ['The server does not require API keys, so there is no key to revoke.', 'Nothing needs to be done.']
        : [
            'The key is configured in API_KEYS or ADMIN_KEYS and cannot be revoked through the API.',
            'Ask the operator of the server to remove it.',
          ];
    super('key_not_revocable', 'user', 403, `${problem} ${remedy}`, { field: 'X-API-Key', remedy });
  }
}

/** The queue's dashboard shows the requests of everybody. */
export class OperatorsOnlyError extends AppError {
  constructor(given: boolean) {
    const problem = given ? 'The key is not an operator key.' : 'The request has no key.';
    const remedy =
      'Send one of ADMIN_KEYS in the header X-API-Key, as Authorization: Bearer <key>, or as the password of HTTP ' +
      'Basic with any user name.';
    super('operators_only', 'user', 401, `This page is for operators. ${problem} ${remedy}`, {
      field: 'X-API-Key',
      remedy,
    });
  }
}

/** Strangers could reach the server, and it asks for no key. */
export class UnprotectedServerError extends AppError {
  constructor(host: string) {
    super(
      'unprotected_server',
      'user',
      500,
      `HOST=${host} can be reached from other machines, but no API key is configured. Set API_KEYS, or create a key with ` +
        '`npm run keys -- create <name>`, or set ALLOW_NO_KEYS=true if everyone may use the service.',
    );
  }
}
