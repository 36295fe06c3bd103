import { AppError } from '../errors/app-error.js';

export class RouteNotFoundError extends AppError {
  constructor(method: string, path: string) {
    super('route_not_found', 'user', 404, `There is no ${method} ${path}.`, {
      remedy: 'GET / lists where the documentation of all routes is.',
    });
  }
}

export class MethodNotAllowedError extends AppError {
  constructor(
    method: string,
    path: string,
    readonly allowed: readonly string[],
  ) {
    super('method_not_allowed', 'user', 405, `${path} does not take ${method} but ${allowed.join(', ')}.`, {
      allowed,
      remedy: `Use ${allowed.join(' or ')}.`,
    });
  }
}
