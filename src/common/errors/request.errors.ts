import { shortened } from '../shortened.js';
import { AppError, type ErrorDetails } from './app-error.js';

/** Paths of checkpoints are names, too. */
const MAX_NAME = 200;

/** A field of the request has a value that cannot be used. */
export class InvalidRequestError extends AppError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('invalid_request', 'user', 400, message, details);
  }
}

/** Something named in the request does not exist (or is not visible to the caller). */
export class NotFoundError extends AppError {
  constructor(what: string, name: string, details: ErrorDetails = {}) {
    super('not_found', 'user', 404, `${what} '${shortened(name, MAX_NAME)}' does not exist.`, details);
  }
}

/** A name is taken, or the state of a thing does not allow the request. */
export class ConflictError extends AppError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('conflict', 'user', 409, message, details);
  }
}
