import { Injectable } from '@nestjs/common';
import { type OperationData } from '../../domain/operation-data.js';
import { PresentsResult, ResultPresenter } from '../futures/index.js';
import { presentForward } from './forward-result.js';

@Injectable()
@PresentsResult('forward', 'forward_backward')
export class ForwardPresenter extends ResultPresenter {
  override present(result: OperationData): Record<string, unknown> {
    return presentForward(result);
  }
}
