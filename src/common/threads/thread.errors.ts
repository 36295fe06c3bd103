import { AppError } from '../errors/app-error.js';

/** What the request holds takes more memory than a thread may have. */
export class ThreadMemoryError extends AppError {
  constructor(options?: ErrorOptions) {
    const remedy = 'Send less per request: fewer datums (gradients add up over requests), or shorter lists.';
    super(
      'request_too_complex',
      'user',
      413,
      `The request takes too much memory to read. ${remedy}`,
      { remedy },
      options,
    );
  }
}

export class ThreadsClosedError extends AppError {
  constructor() {
    super('shutting_down', 'server', 503, 'The server is shutting down.', {
      retry_after_s: 5,
      remedy: 'Send it again in a few seconds.',
    });
  }
}
