import { type BackendCapabilities, type ForwardRequest, type ForwardResult } from '../../compute/compute-backend.js';
import { type LogprobScope } from '../../domain/datum-batch.js';
import { type LossSpec } from '../../domain/loss.js';
import { type OperationData } from '../../domain/operation-data.js';
import { datumCount, type RaggedTensor } from '../../domain/ragged-tensor.js';
import { NO_USAGE, type Usage } from '../../domain/usage.js';
import { shownMetrics } from '../../losses/loss-function.js';
import { pluginChange } from '../plugin-change.js';

/** Payload and result of forward and forward_backward. */

const TOKENS = 'tokens';
const INPUT_PREFIX = 'loss_fn_inputs.';
/** The only tensor of a result. */
export const LOGPROBS = 'logprobs';

export const forwardPayload = {
  encode(request: ForwardRequest): OperationData {
    const { tokens, lossInputs } = request.batch;
    const inputs = Object.entries(lossInputs).map(([name, tensor]) => [INPUT_PREFIX + name, tensor] as const);
    return {
      json: { loss: request.loss, logprobs: request.logprobs },
      tensors: { [TOKENS]: tokens, ...Object.fromEntries(inputs) },
    };
  },

  decode({ json, tensors }: OperationData): ForwardRequest {
    const tokens = tensors[TOKENS];
    if (!isIntegers(tokens)) throw new TypeError('A stored forward request has no tokens.');
    const inputs = Object.entries(tensors).filter(([name]) => name.startsWith(INPUT_PREFIX));
    const lossInputs = Object.fromEntries(inputs.map(([name, tensor]) => [name.slice(INPUT_PREFIX.length), tensor]));
    return {
      batch: { tokens, lossInputs },
      loss: json['loss'] as LossSpec,
      logprobs: json['logprobs'] as LogprobScope,
    };
  },

  changeSince: ({ loss }: ForwardRequest, capabilities: BackendCapabilities) => pluginChange(loss, capabilities),
};

/**
 * Counts every token that goes through the model, whatever its weight in the loss. Ask before the request is handed to
 * the backend, which takes its arrays.
 */
export function forwardUsage({ batch }: ForwardRequest): Usage {
  return { ...NO_USAGE, trainedTokens: batch.tokens.data.length };
}

/** `loss_fn` names the loss and, for one defined by a client, its version. */
export function encodeForwardResult({ loss, metrics, logprobs }: ForwardResult, spec: LossSpec): OperationData {
  const json = {
    loss_fn: spec.version === undefined ? spec.name : `${spec.name}@${spec.version}`,
    loss,
    metrics: { 'loss:sum': loss, ...shownMetrics(metrics) },
    num_samples: datumCount(logprobs),
  };
  return { json, tensors: { [LOGPROBS]: logprobs } };
}

function isIntegers(tensor: RaggedTensor | undefined): tensor is RaggedTensor<Int32Array> {
  return tensor?.data instanceof Int32Array;
}
