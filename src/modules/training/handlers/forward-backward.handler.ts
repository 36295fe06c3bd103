import { Injectable } from '@nestjs/common';
import { ComputeBackend } from '../../../compute/compute-backend.js';
import { type OperationData } from '../../../domain/operation-data.js';
import { AdapterResidency, decodeForward } from '../../adapters/index.js';
import { HandlesOperation, type Operation, OperationHandler } from '../../futures/index.js';
import { toForwardData } from '../forward-result.js';

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

  override run(operation: Operation): Promise<OperationData> {
    return this.residency.change(operation, async ({ id }) => {
      const result = await this.backend.forwardBackward(id, decodeForward(operation.request));
      return { result: toForwardData(result), progress: { hasGradients: true } };
    });
  }
}
