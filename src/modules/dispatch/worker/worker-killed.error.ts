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
      `The worker died ${MAX_CRASHES} times while it ran this request (the last times it ran alone), so it is not tried ` +
        `again. A batch that needs more memory than the machine has is the usual cause: send a smaller one, or lower ` +
        `MEMORY_BUDGET_MB. Requests after this one go on without it.`,
    );
  }
}
