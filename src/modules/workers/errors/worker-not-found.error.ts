import { NotFoundError } from '../../../common/errors/request.errors.js';

/** No living worker has this id: each start of a process has a new one. */
export class WorkerNotFoundError extends NotFoundError {
  constructor(id: string) {
    super('Worker', id, { field: 'worker_id', remedy: 'GET /admin/workers lists those that are alive.' });
  }
}
