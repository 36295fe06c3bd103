import { AppError } from '../common/errors/app-error.js';

/** A grammar that the library does not take, or that takes it too long. */
export class GrammarError extends Error {}

/** Sampling by a grammar failed for a reason that lies in the server. */
export class GrammarFailedError extends AppError {
  constructor(reason: string, options?: ErrorOptions) {
    const remedy = 'Send the request again; without a format for the answer if it fails once more.';
    super(
      'grammar_failed',
      'server',
      500,
      `The answer could not be held to its format: ${reason} ${remedy}`,
      { remedy },
      options,
    );
  }
}
