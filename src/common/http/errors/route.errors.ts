import { AppError } from '../../errors/app-error.js';

export class RouteNotFoundError extends AppError {
  constructor(method: string, path: string) {
    super('route_not_found', 'user', 404, `The route ${method} ${path} does not exist.`, {
      remedy: 'GET / links to the documentation of all routes.',
    });
  }
}

export class MethodNotAllowedError extends AppError {
  constructor(
    method: string,
    path: string,
    readonly allowed: readonly string[],
  ) {
    super('method_not_allowed', 'user', 405, `${path} does not support ${method}, only ${allowed.join(', ')}.`, {
      allowed,
      remedy: `Use ${allowed.join(' or ')}.`,
    });
  }
}
