import { type AppError } from '../../common/errors/app-error.js';
import { AdapterNotFoundError } from '../adapters/index.js';
import { type JobEntity, type JobError } from './entities/job.entity.js';
import { JobFileError } from './errors/job-file.error.js';

/** Why a job failed, in the words of its request. */
export function toJobError(error: AppError, { modelId }: Pick<JobEntity, 'modelId'>): JobError {
  const { code, message, details } = error;
  if (error instanceof AdapterNotFoundError) {
    return { code: 'model_deleted', message: `The model '${modelId}' was deleted while it was trained.`, param: null };
  }
  return { code, message, param: error instanceof JobFileError ? (details.field ?? null) : null };
}
