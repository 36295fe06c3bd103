import { AppError } from '../errors/app-error.js';

/** JSON that holds more than anybody means: reading it would take the server's time and memory. */
export class JsonTooComplexError extends AppError {
  constructor(
    readonly what: string,
    readonly limit: number,
  ) {
    const isDeep = what === 'levels';
    const remedy = isDeep
      ? 'Nest it less deeply.'
      : 'Send less per request, for example fewer datums: gradients accumulate over requests.';
    const problem = isDeep ? `is nested deeper than ${limit} levels` : `contains more than ${limit} ${what}`;
    const message = `The request body ${problem}. ${remedy}`;
    super('body_too_complex', 'user', 413, message, { limit, remedy });
  }
}
