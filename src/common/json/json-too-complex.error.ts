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
      : 'Send less per request, for example fewer datums: gradients add up over requests.';
    const problem = isDeep
      ? `be nested ${limit} levels deep, and this one is nested deeper`
      : `hold ${limit} ${what}, and this one holds more`;
    const message = `A request's body may ${problem}. ${remedy}`;
    super('body_too_complex', 'user', 413, message, { limit, remedy });
  }
}
