import { AppError } from '../common/errors/app-error.js';

/** The database cannot be used at start; the message says where it was looked for and what to do. */
export class DatabaseUnavailableError extends AppError {
  constructor(url: string, cause: unknown) {
    const { hostname, port, pathname } = new URL(url);
    super(
      'database_unavailable',
      'server',
      503,
      `Postgres at ${hostname}:${port || '5432'}${pathname} cannot be used: ${reason(cause)}. ` +
        `Start it, or correct DATABASE_URL ('npm run quickstart' starts a private one).`,
      {},
      { cause },
    );
  }
}

function reason(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reason).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
