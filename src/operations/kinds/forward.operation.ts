import { type ForwardRequest } from '../../compute/compute-backend.js';
import { type ReadOnlyOperation } from '../operation-definition.js';
import { forwardPayload } from '../payloads/forward-payload.js';

/** Loss and log-probs of a batch under an adapter or the bare base model. */
export const forwardOperation: ReadOnlyOperation<ForwardRequest> = {
  ...forwardPayload,
  readOnly: true,
  cancellable: true,
  stoppable: true,
};
