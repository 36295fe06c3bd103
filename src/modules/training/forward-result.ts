import { Logger } from '@nestjs/common';
import { type ComputeBackend, type ForwardRequest, type ForwardResult } from '../../compute/compute-backend.js';
import { type LossSpec } from '../../domain/loss.js';
import { type OperationData } from '../../domain/operation-data.js';
import { NO_USAGE, type Usage } from '../../domain/usage.js';
import { datumCount, datumValues } from '../../domain/ragged-tensor.js';
import { pluginChange } from '../../operations/plugin-change.js';
import { type Operation } from '../futures/index.js';
import { shownMetrics } from '../../losses/loss-function.js';

/** Name of the only tensor of a stored forward result. */
export const LOGPROBS = 'logprobs';

/** A forward's result as it is stored; `loss_fn` says which loss it was, of a written one also which version. */
export function toForwardData({ loss, metrics, logprobs }: ForwardResult, spec: LossSpec): OperationData {
  const lossName = spec.version === undefined ? spec.name : `${spec.name}@${spec.version}`;
  const json = {
    loss_fn: lossName,
    loss,
    metrics: { 'loss:sum': loss, ...shownMetrics(metrics) },
    num_samples: datumCount(logprobs),
  };
  return { json, tensors: { [LOGPROBS]: logprobs } };
}

const logger = new Logger('LossPlugins');

/** The API and this worker may have loaded different files; the request runs with the one that is here. */
export function warnOfPluginChange({ requestId }: Operation, { loss }: ForwardRequest, backend: ComputeBackend): void {
  const change = pluginChange(loss, backend.capabilities);
  if (change !== null) logger.warn(`${requestId} runs, but ${change}`);
}

/**
 * Every token that goes through the model counts, whatever its weight in the loss. To be asked before the request is
 * given to the backend, which takes its arrays.
 */
export function forwardUsage({ batch }: ForwardRequest): Usage {
  return { ...NO_USAGE, trainedTokens: batch.tokens.data.length };
}

/** The stored result as the root routes show it; log-probs that were not computed are NaN, in JSON null. */
export function presentForward({ json, tensors }: OperationData): Record<string, unknown> {
  const logprobs = tensors[LOGPROBS];
  if (!logprobs) throw new TypeError('A stored forward result has no log-probs.');
  const outputs = Array.from({ length: datumCount(logprobs) }, (_, i) => {
    const data = Array.from(datumValues(logprobs, i));
    const rows = (logprobs.offsets[i + 1] ?? 0) - (logprobs.offsets[i] ?? 0);
    return { [LOGPROBS]: { data, dtype: 'float32', shape: [rows, ...logprobs.trailingShape] } };
  });
  return { ...json, loss_fn_outputs: outputs };
}
