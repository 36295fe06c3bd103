import { AppError } from '../../../common/errors/app-error.js';
import { NotFoundError } from '../../../common/errors/request.errors.js';

/** The request's field that names the file. */
export type FileField = 'training_file' | 'validation_file';

/** Something is wrong with a file of a job, or it is gone. */
export class JobFileError extends AppError {
  constructor(field: FileField, cause: AppError) {
    const code = cause instanceof NotFoundError ? 'file_deleted' : `invalid_${field}`;
    super(code, 'user', 400, cause.message, { field }, { cause });
  }
}
