import { type ReadOnlyOperation } from '../operation-definition.js';
import { savePayload, type SaveRequest } from '../payloads/save-payload.js';

/** Saves the weights as files for other programs, which are downloaded one by one. */
export const saveWeightsExternalOperation: ReadOnlyOperation<SaveRequest> = {
  ...savePayload,
  readOnly: true,
  cancellable: true,
};
