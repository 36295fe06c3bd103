import { AppError } from '../../../common/errors/app-error.js';

/** A request whose worker died so often while it ran is given up: others must not die for it. */
export const MOST_DEATHS = 4;

/** The request ends every worker that runs it. */
export class WorkerKilledError extends AppError {
  constructor() {
    super(
      'worker_killed',
      'server',
      500,
      `The worker died ${MOST_DEATHS} times while it ran this request (the last times it ran alone), so it is not tried ` +
        `again. A batch that needs more memory than the machine has is the usual cause: send a smaller one, or lower ` +
        `MEMORY_BUDGET_MB. Requests after this one go on without it.`,
    );
  }
}
