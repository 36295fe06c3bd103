import { type ReadOnlyOperation } from '../operation-definition.js';
import { savePayload, type SaveRequest } from '../payloads/save-payload.js';

/** Saves a training checkpoint: training continues from it as if it had never stopped. */
export const saveWeightsOperation: ReadOnlyOperation<SaveRequest> = {
  ...savePayload,
  readOnly: true,
  cancellable: true,
};
