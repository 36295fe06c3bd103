import { AppError } from './app-error.js';

/** Long enough for a database that starts again, short enough that nobody waits for nothing. */
const RETRY_AFTER_S = 5;

/** The database went away and has not come back in time; what was being done is not done, or is safe to repeat. */
export class DatabaseOutageError extends AppError {
  constructor(cause: unknown) {
    const remedy = `Send the request again in ${RETRY_AFTER_S} seconds; what was accepted before is not lost.`;
    super(
      'database_unavailable',
      'server',
      503,
      `The server's database cannot be reached at the moment. ${remedy}`,
      { retry_after_s: RETRY_AFTER_S, remedy },
      { cause },
    );
  }
}

/**
 * Codes of Postgres (SQLSTATE) and of the network by which a connection ends or is refused. 25P03: this process stood
 * still within a transaction, which was ended for it.
 */
const OUTAGE_CODE =
  /^(57P0[123]|25P03|08\w{3}|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** What node-postgres and TypeORM say of a connection that is gone: their errors have no code to go by. */
const OUTAGE_MESSAGE =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying)/;
const RUNNER_GONE = /^QueryRunner(Provider)?AlreadyReleasedError$/;

/** Does this error of the database driver mean that the connection was lost or could not be made? */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isConnectionError);
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? OUTAGE_CODE.test(code) : OUTAGE_MESSAGE.test(error.message);
}

/** Codes for values that Postgres can never take (22: not of the type; 54: over a limit of the server). */
const UNSTORABLE_CODE = /^(22|54)\w{3}$/;

/** Has the database refused a query's values, so that it will refuse them again? */
export function isUnstorable(error: unknown): boolean {
  if (!(error instanceof Error) || !('driverError' in error) || !(error.driverError instanceof Error)) return false;
  const code: unknown = Reflect.get(error.driverError, 'code');
  return typeof code === 'string' && UNSTORABLE_CODE.test(code);
}

/** The outage behind an error of a query, or null: other parts of the service have connections that break, too. */
export function toOutage(error: unknown): DatabaseOutageError | null {
  if (error instanceof DatabaseOutageError) return error;
  if (!(error instanceof Error)) return null;
  const failed = 'driverError' in error && isConnectionError(error.driverError);
  return failed || RUNNER_GONE.test(error.name) ? new DatabaseOutageError(error) : null;
}
