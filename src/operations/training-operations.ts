import { type ForwardRequest } from '../compute/compute-backend.js';
import { type AdamParams } from '../domain/adapter/adam-params.js';
import { type LogprobScope } from '../domain/datum-batch.js';
import { type LossSpec } from '../domain/loss.js';
import { type OperationData } from '../domain/operation-data.js';
import { type RaggedTensor } from '../domain/ragged-tensor.js';

/**
 * The payloads of the operations that training is made of, as they stand in the log. Both the handlers and whoever
 * rebuilds an adapter from the log read them, so they must stay readable: add fields, never change their meaning.
 */

const TOKENS = 'tokens';
const INPUT_PREFIX = 'loss_fn_inputs.';

export function encodeForward(request: ForwardRequest): OperationData {
  const { tokens, lossInputs } = request.batch;
  const inputs = Object.entries(lossInputs).map(([name, tensor]) => [INPUT_PREFIX + name, tensor] as const);
  return {
    json: { loss: request.loss, logprobs: request.logprobs },
    tensors: { [TOKENS]: tokens, ...Object.fromEntries(inputs) },
  };
}

export function decodeForward({ json, tensors }: OperationData): ForwardRequest {
  const tokens = tensors[TOKENS];
  if (!isIntegers(tokens)) throw new TypeError('A stored forward request has no tokens.');
  const inputs = Object.entries(tensors).filter(([name]) => name.startsWith(INPUT_PREFIX));
  const lossInputs = Object.fromEntries(inputs.map(([name, tensor]) => [name.slice(INPUT_PREFIX.length), tensor]));
  return { batch: { tokens, lossInputs }, loss: json['loss'] as LossSpec, logprobs: json['logprobs'] as LogprobScope };
}

export function encodeOptimStep(params: AdamParams): OperationData {
  return { json: { adam_params: params }, tensors: {} };
}

export function decodeOptimStep({ json }: OperationData): AdamParams {
  return json['adam_params'] as AdamParams;
}

/** Back to what the adapter was right after an earlier operation. */
export interface RewindRequest {
  /** That operation's place in the log. */
  readonly position: number;
}

export function encodeRewind(request: RewindRequest): OperationData {
  return { json: { rewind: request }, tensors: {} };
}

export function decodeRewind({ json }: Pick<OperationData, 'json'>): RewindRequest {
  return json['rewind'] as RewindRequest;
}

function isIntegers(tensor: RaggedTensor | undefined): tensor is RaggedTensor<Int32Array> {
  return tensor?.data instanceof Int32Array;
}
