import { Injectable } from '@nestjs/common';
import { type OperationData } from '../../domain/operation-data.js';
import { ResultPresenter } from '../futures/index.js';
import { type Sampled } from './generation.service.js';
import { presentGenerated } from '../../operations/generate-operation.js';

/** A request that is done as POST /generate answers it. */
export function presentSampled({ requestId, modelId, result }: Sampled): Record<string, unknown> {
  return { request_id: requestId, model_id: modelId, ...presentGenerated(result) };
}

@Injectable()
export class GeneratePresenter extends ResultPresenter {
  override readonly kinds = ['generate'] as const;

  override present(result: OperationData): Record<string, unknown> {
    return presentGenerated(result);
  }
}
