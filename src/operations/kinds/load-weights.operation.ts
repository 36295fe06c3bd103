import { formatCheckpointPath } from '../../domain/checkpoint-path.js';
import { type ReplayedOperation } from '../operation-definition.js';
import { loadPayload, type LoadRequest } from '../payloads/load-payload.js';

/** Replaces the adapter's weights, and where asked its optimiser state, by a checkpoint's. */
export const loadWeightsOperation: ReplayedOperation<LoadRequest> = {
  ...loadPayload,
  readOnly: false,
  cancellable: true,
  replayReads: 'checkpoint',

  async apply({ backend, adapterId, loadCheckpoint }, request) {
    const { step, hasGradients } = await loadCheckpoint(request);
    const digest = await backend.digestState(adapterId);
    const { sourceModelId: modelId, kind, name } = request;
    const json = { path: formatCheckpointPath({ modelId, kind, name }), step, digest };
    return { result: { json, tensors: {} }, effect: { step, digest, hasGradients } };
  },
};
