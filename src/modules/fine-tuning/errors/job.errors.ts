import { AppError } from '../../../common/errors/app-error.js';
import { InvalidRequestError, NotFoundError } from '../../../common/errors/request.errors.js';
import { type JobStatus, type JobAction } from '../job-states.js';

export class JobNotFoundError extends NotFoundError {
  constructor(id: string) {
    super('Fine-tuning job', id, { field: 'fine_tuning_job_id', remedy: 'GET /v1/fine_tuning/jobs lists your jobs.' });
  }
}

/** 400, as in OpenAI's API, whose clients would repeat a 409. */
export class JobStateError extends InvalidRequestError {
  constructor(id: string, action: JobAction, status: JobStatus) {
    super(`Job '${id}' is ${status}; you cannot ${action} it.`, { field: 'fine_tuning_job_id' });
  }
}

export class TooManyJobsError extends AppError {
  constructor(most: number) {
    const remedy = 'Wait until some are finished, or cancel some.';
    super('too_many_jobs', 'user', 429, `You have ${most} unfinished fine-tuning jobs, the maximum. ${remedy}`, {
      remedy,
      retry_after_s: 60,
    });
  }
}

/** What requests of a cancelled job that have not started fail with. */
export class JobCancelledError extends AppError {
  constructor(id: string) {
    super('job_cancelled', 'user', 409, `Fine-tuning job '${id}' was cancelled.`);
  }
}
