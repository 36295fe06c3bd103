import { type ForwardRequest } from '../../compute/compute-backend.js';
import { type ReplayedOperation } from '../operation-definition.js';
import { encodeForwardResult, forwardPayload, forwardUsage } from '../payloads/forward-payload.js';

/** Adds a batch's gradients to the adapter's. */
export const forwardBackwardOperation: ReplayedOperation<ForwardRequest> = {
  ...forwardPayload,
  readOnly: false,
  cancellable: true,
  replayReads: 'payload',

  async apply({ backend, adapterId, owner, weight }, request) {
    const usage = forwardUsage(request);
    const result = await backend.forwardBackward(adapterId, request, { owner, weight });
    return { result: encodeForwardResult(result, request.loss), effect: { hasGradients: true }, usage };
  },
};
