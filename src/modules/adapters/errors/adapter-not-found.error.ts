import { NotFoundError } from '../../../common/errors/request.errors.js';

/** No live adapter has this name. */
export class AdapterNotFoundError extends NotFoundError {
  constructor(modelId: string, field = 'model_id') {
    super('Adapter', modelId, {
      field,
      remedy: 'List the adapters with GET /adapters, or create it with POST /adapters.',
    });
  }
}
