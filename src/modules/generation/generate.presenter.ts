import { Injectable } from '@nestjs/common';
import { type OperationData } from '../../domain/operation-data.js';
import { ResultPresenter } from '../futures/index.js';
import { type Sampled } from './generation.service.js';
import { datumCount, datumValues } from '../../domain/ragged-tensor.js';
import { type StopReason } from '../../domain/sampling.js';
import { tokenCounts } from '../../operations/payloads/generate-result.js';

/** A request that is done as POST /generate answers it. */
export function presentSampled({ requestId, modelId, result }: Sampled): Record<string, unknown> {
  return { request_id: requestId, model_id: modelId, ...present(result) };
}

@Injectable()
export class GeneratePresenter extends ResultPresenter {
  override readonly kinds = ['generate'] as const;

  override present(result: OperationData): Record<string, unknown> {
    return present(result);
  }
}

/** The stored result as the root routes show it. */
function present({ json, tensors }: OperationData): Record<string, unknown> {
  const { tokens, logprobs } = tensors;
  const texts = json['texts'] as readonly string[];
  const reasons = json['stop_reasons'] as readonly StopReason[];
  if (!tokens) throw new TypeError('A stored generate result has no tokens.');
  const sequences = Array.from({ length: datumCount(tokens) }, (_, i) => ({
    text: texts[i],
    tokens: Array.from(datumValues(tokens, i)),
    ...(logprobs ? { logprobs: Array.from(datumValues(logprobs, i)) } : {}),
    stop_reason: reasons[i],
  }));
  return { text: texts[0], sequences, usage: tokenCounts({ json, tensors }), seed: json['seed'] };
}
