import { AppError } from '../common/errors/app-error.js';

/** Redis cannot be used at start. */
export class RedisUnavailableError extends AppError {
  constructor(url: string, cause: Error) {
    const { hostname, port } = new URL(url);
    super(
      'redis_unavailable',
      'server',
      503,
      `Redis at ${hostname}:${port || '6379'} cannot be used: ${cause.message}. ` +
        `Start it, correct REDIS_URL, or leave REDIS_URL empty to use the in-process queue (ROLE=all only).`,
      {},
      { cause },
    );
  }
}
