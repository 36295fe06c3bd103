import { AppError } from '../../errors/app-error.js';

/** The server cannot listen where it should. */
export class ListenError extends AppError {
  constructor(host: string, port: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      'cannot_listen',
      'server',
      500,
      `Cannot listen on ${host}:${port}: ${reason}. Set PORT to a free port (0 = any) or HOST to an address of this machine.`,
      {},
      { cause },
    );
  }
}
