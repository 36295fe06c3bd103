import { AppError } from '../../common/errors/app-error.js';
import { CliError, EXIT } from './cli.error.js';
import { ApiError, AuthenticationError, ConnectionError } from '../service/client.js';

/** What the command shows of an error, and how it ends. */
export interface Failure {
  readonly exitCode: number;
  readonly message: string;
  /** Further lines: what to do, and the faults in a file. */
  readonly hints: readonly string[];
  readonly code?: string | undefined;
  readonly param?: string | undefined;
}

const NO_KEY = 'Set THINKER_API_KEY to a key of the service; `thinker keys create <name>` makes one.';
const NO_SERVER = 'Start the service with `thinker serve`, or set THINKER_URL to the address of a running one.';

/** Throws what nobody foresaw: its stack belongs into a bug report. */
export function toFailure(error: unknown): Failure {
  if (error instanceof ConnectionError) {
    return { exitCode: EXIT.unreachable, message: error.message, hints: [NO_SERVER], code: 'unreachable' };
  }
  if (error instanceof ApiError) {
    const { message, code, param } = error;
    const remedies = error instanceof AuthenticationError ? [NO_KEY] : remedyOf(error);
    return { exitCode: EXIT.failed, message, hints: [...faultsOf(error), ...remedies], code, param };
  }
  if (error instanceof CliError) return { exitCode: error.exitCode, message: error.message, hints: [] };
  if (error instanceof AppError) {
    return { exitCode: EXIT.failed, message: error.message, hints: [], code: error.code };
  }
  throw error;
}

/** Most messages end with the remedy. */
function remedyOf({ message, remedy }: ApiError): string[] {
  return remedy === undefined || message.includes(remedy) ? [] : [remedy];
}

/** The faults of a file, line by line, as the service found them. */
function faultsOf({ details }: ApiError): string[] {
  const faults: unknown = details['faults'];
  return Array.isArray(faults)
    ? faults.map((fault) => (typeof fault === 'string' ? fault : JSON.stringify(fault)))
    : [];
}
