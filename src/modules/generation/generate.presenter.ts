import { Injectable } from '@nestjs/common';
import { type OperationData } from '../../domain/operation-data.js';
import { PresentsResult, ResultPresenter } from '../futures/index.js';
import { presentGenerated } from '../../operations/generate-operation.js';

@Injectable()
@PresentsResult('generate')
export class GeneratePresenter extends ResultPresenter {
  override present(result: OperationData): Record<string, unknown> {
    return presentGenerated(result);
  }
}
