import { Injectable } from '@nestjs/common';
import { type OperationData } from '../../domain/operation-data.js';
import { datumCount, datumValues } from '../../domain/ragged-tensor.js';
import { LOGPROBS } from '../../operations/payloads/forward-payload.js';
import { ResultPresenter } from '../futures/index.js';

/** Shows stored results of forward passes; log-probs that were not computed are NaN, in JSON null. */
@Injectable()
export class ForwardPresenter extends ResultPresenter {
  override readonly kinds = ['forward', 'forward_backward'] as const;

  override present({ json, tensors }: OperationData): Record<string, unknown> {
    const logprobs = tensors[LOGPROBS];
    if (!logprobs) throw new TypeError('A stored forward result has no log-probs.');
    const outputs = Array.from({ length: datumCount(logprobs) }, (_, i) => {
      const data = Array.from(datumValues(logprobs, i));
      const rows = (logprobs.offsets[i + 1] ?? 0) - (logprobs.offsets[i] ?? 0);
      return { [LOGPROBS]: { data, dtype: 'float32', shape: [rows, ...logprobs.trailingShape] } };
    });
    return { ...json, loss_fn_outputs: outputs };
  }
}
