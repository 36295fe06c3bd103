import { Injectable } from '@nestjs/common';
import { ComputeBackend } from '../../../compute/compute-backend.js';
import { AdapterResidency, decodeOptimStep } from '../../adapters/index.js';
import { HandlesOperation, type Operation, OperationHandler, type OperationOutcome } from '../../futures/index.js';

/** Applies and clears the adapter's gradients; fails when the operations before it left none. */
@Injectable()
@HandlesOperation('optim_step')
export class OptimStepHandler extends OperationHandler {
  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
  ) {
    super();
  }

  override run(operation: Operation): Promise<OperationOutcome> {
    const params = decodeOptimStep(operation.request);
    return this.residency.change(operation, async ({ id }) => {
      const { step, digest, gradNorm, updateNorm, weightNorm } = await this.backend.optimStep(id, params);
      const metrics = {
        ...{ step, grad_norm: gradNorm, update_norm: updateNorm, weight_norm: weightNorm },
        learning_rate: params.learningRate,
      };
      return { result: { json: { metrics, digest }, tensors: {} }, effect: { step, digest, hasGradients: false } };
    });
  }
}
