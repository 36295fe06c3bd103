import { Injectable } from '@nestjs/common';
import { ComputeBackend } from '../../../compute/compute-backend.js';
import { AdapterResidency } from '../../adapter-state/index.js';
import { decodeForward } from '../../../operations/training-operations.js';
import { HandlesOperation, type Operation, OperationHandler, type OperationOutcome } from '../../futures/index.js';
import { forwardUsage, toForwardData, warnOfPluginChange } from '../forward-result.js';

/** Adds a batch's gradients to the adapter's. */
@Injectable()
@HandlesOperation('forward_backward')
export class ForwardBackwardHandler extends OperationHandler {
  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
  ) {
    super();
  }

  override run(operation: Operation): Promise<OperationOutcome> {
    return this.residency.change(operation, async ({ id }) => {
      const request = decodeForward(operation.request);
      warnOfPluginChange(operation, request, this.backend);
      const usage = forwardUsage(request);
      const result = await this.backend.forwardBackward(id, request);
      return { result: toForwardData(result, request.loss), effect: { hasGradients: true }, usage };
    });
  }
}
