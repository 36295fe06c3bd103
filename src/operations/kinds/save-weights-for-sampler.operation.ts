import { type ReadOnlyOperation } from '../operation-definition.js';
import { savePayload, type SaveRequest } from '../payloads/save-payload.js';

/** Saves sampler weights: immutable weights to sample from. */
export const saveWeightsForSamplerOperation: ReadOnlyOperation<SaveRequest> = {
  ...savePayload,
  readOnly: true,
  cancellable: true,
};
