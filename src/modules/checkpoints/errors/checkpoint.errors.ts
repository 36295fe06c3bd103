import { AppError } from '../../../common/errors/app-error.js';
import { NotFoundError } from '../../../common/errors/request.errors.js';
import { type CheckpointPath, formatCheckpointPath } from '../../../domain/checkpoint-path.js';

export class CheckpointNotFoundError extends NotFoundError {
  constructor(path: CheckpointPath, field = 'path') {
    super('Checkpoint', formatCheckpointPath(path), {
      field,
      remedy: `List the checkpoints with GET /adapters/${path.modelId}/checkpoints; expired ones are deleted.`,
    });
  }
}

/** The name is taken. 400 and not 409: clients of the Tinker SDK would try again for minutes after a 409. */
export class CheckpointExistsError extends AppError {
  constructor(path: CheckpointPath) {
    const remedy =
      path.kind === 'training'
        ? 'Choose another name, or send "overwrite": true.'
        : 'Choose another name, or delete the existing one: only training checkpoints can be overwritten.';
    super('checkpoint_exists', 'user', 400, `A checkpoint '${formatCheckpointPath(path)}' already exists. ${remedy}`, {
      field: 'name',
      remedy,
    });
  }
}

/** Another key has published a checkpoint under the path. 403 and not 409, which clients of the Tinker SDK repeat. */
export class PathTakenError extends AppError {
  constructor(path: CheckpointPath) {
    const remedy = 'Save it under another name, or copy it to another model, and publish the copy.';
    super(
      'path_taken',
      'user',
      403,
      `${formatCheckpointPath(path)} has already been published by another key, and its readers expect that checkpoint. ${remedy}`,
      { field: 'name', remedy },
    );
  }
}

/** The checkpoint cannot be loaded into this adapter. */
export class CheckpointMismatchError extends AppError {
  constructor(problem: string, remedy: string) {
    super('checkpoint_mismatch', 'user', 400, `${problem} ${remedy}`, { field: 'path', remedy });
  }
}

/** Of a worker that was away for so long that another one has the adapter; no client sees it, for the result is refused too. */
export class LeaseOutdatedError extends AppError {
  constructor(modelId: string) {
    super(
      'lease_outdated',
      'server',
      503,
      `Another worker has taken over adapter '${modelId}' and will run the request again.`,
    );
  }
}
