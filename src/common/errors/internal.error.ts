import { type LoggerService } from '@nestjs/common';
import { ulid } from 'ulid';
import { AppError } from './app-error.js';
import { toOutage } from './database-outage.error.js';
import { toDatabaseFull } from './storage.errors.js';

/** Something not foreseen. The client gets an id under which the log tells what happened. */
export class InternalError extends AppError {
  constructor(
    readonly errorId: string,
    cause: unknown,
  ) {
    super(
      'internal_error',
      'server',
      500,
      `An internal error occurred (${errorId}). The request is not the cause; see the server's log.`,
      { error_id: errorId },
      { cause },
    );
  }
}

/**
 * An AppError as it is, and a DatabaseOutageError or DatabaseFullError where the database is away or full; anything else
 * is logged with its stack under a new error id and replaced by an InternalError.
 * @param context what was being done
 */
export function toAppError(error: unknown, context: string, logger: Pick<LoggerService, 'error'>): AppError {
  if (error instanceof AppError) return error;
  const outage = toOutage(error) ?? toDatabaseFull(error);
  if (outage !== null) return outage;
  const internal = new InternalError(`error_${ulid()}`, error);
  logger.error(`${internal.errorId} ${context}: ${describe(error)}`);
  return internal;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\n  caused by: ${describe(error.cause)}`;
  return (error.stack ?? error.message) + cause;
}
