import { type ReadOnlyOperation } from '../operation-definition.js';
import { type GeneratePayload, generatePayload } from '../payloads/generate-payload.js';

/** Samples from an adapter, from sampler weights or from the bare base model. */
export const generateOperation: ReadOnlyOperation<GeneratePayload> = {
  ...generatePayload,
  readOnly: true,
  cancellable: true,
  stoppable: true,
};
