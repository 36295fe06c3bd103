import { Injectable } from '@nestjs/common';
import { ComputeBackend, type ModelTarget } from '../../../compute/compute-backend.js';
import { forwardOperation } from '../../../operations/kinds/forward.operation.js';
import { type OperationOutcome } from '../../../operations/operation-outcome.js';
import { encodeForwardResult, forwardUsage } from '../../../operations/payloads/forward-payload.js';
import { AdapterResidency, warnOfChange } from '../../adapter-state/index.js';
import { Cancellations, type Operation, OperationHandler } from '../../futures/index.js';

/** Computes loss and log-probs of a batch under an adapter or a bare base model. */
@Injectable()
export class ForwardHandler extends OperationHandler {
  override readonly kinds = ['forward'] as const;

  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
    private readonly cancellations: Cancellations,
  ) {
    super();
  }

  override run(operation: Operation): Promise<OperationOutcome> {
    return this.cancellations.run(operation, (signal) => this.forward(operation, signal));
  }

  private async forward(operation: Operation, signal: AbortSignal): Promise<OperationOutcome> {
    const target = await this.targetOf(operation);
    const request = forwardOperation.decode(operation.request);
    warnOfChange(operation, forwardOperation.changeSince?.(request, this.backend.capabilities));
    const usage = forwardUsage(request);
    const { owner, weight } = operation;
    const result = await this.backend.forward(target, request, { owner, weight, signal });
    return { result: encodeForwardResult(result, request.loss), usage };
  }

  private async targetOf(operation: Operation): Promise<ModelTarget> {
    if (operation.adapterId === null) return { kind: 'base', baseModel: operation.baseModel };
    const adapter = await this.residency.use(operation);
    return { kind: 'adapter', adapterId: adapter.id };
  }
}
