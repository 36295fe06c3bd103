import { AppError } from '../errors/app-error.js';

/** What the request holds takes more memory than a thread may have. */
export class ThreadMemoryError extends AppError {
  constructor(options?: ErrorOptions) {
    const remedy = 'Send less per request: fewer datums (gradients accumulate over requests), or shorter lists.';
    super(
      'request_too_complex',
      'user',
      413,
      `Reading the request takes too much memory. ${remedy}`,
      { remedy },
      options,
    );
  }
}

export class ThreadsClosedError extends AppError {
  constructor() {
    super('shutting_down', 'server', 503, 'The server is shutting down.', {
      retry_after_s: 5,
      remedy: 'Retry in a few seconds.',
    });
  }
}

/** What the request holds takes more time than a thread may spend on it. */
export class ThreadTimeError extends AppError {
  constructor() {
    const remedy = 'Send it in smaller parts, and check that it is not damaged.';
    super('request_too_complex', 'user', 413, `Reading the request takes too long. ${remedy}`, { remedy });
  }
}
