import { AppError } from '../../../common/errors/app-error.js';

/** A request during which this many workers have died is given up: others must not die for it. */
export const MAX_CRASHES = 4;

/** The request ends every worker that runs it. */
export class WorkerKilledError extends AppError {
  constructor() {
    super(
      'worker_killed',
      'server',
      500,
      `The worker died ${MAX_CRASHES} times while it ran this request (in isolation the last times), so it is not retried. ` +
        `The usual cause is a batch that needs more memory than the machine has: send a smaller one, or lower ` +
        `MEMORY_BUDGET_MB. Later requests continue without it.`,
    );
  }
}
