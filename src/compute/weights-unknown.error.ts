import { AppError } from '../common/errors/app-error.js';

const CODE = 'weights_unknown';

/** The backend has no sampler weights of this id, or has dropped them to make room: load them, and ask again. */
export class WeightsUnknownError extends AppError {
  constructor(id: string) {
    super(CODE, 'server', 503, `The engine holds no sampler weights '${id}'. Send the request again.`);
  }
}

/** Recognised by its code: the error may come from the other end of a link. */
export function isWeightsUnknown(error: unknown): error is AppError {
  return error instanceof AppError && error.code === CODE;
}
