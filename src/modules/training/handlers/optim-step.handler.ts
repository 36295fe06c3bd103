import { Injectable } from '@nestjs/common';
import { AppError } from '../../../common/errors/app-error.js';
import { ComputeBackend, type OptimStepResult } from '../../../compute/compute-backend.js';
import { blamesGradients } from '../../../compute/numeric.errors.js';
import { type AdamParams } from '../../../domain/adapter/adam-params.js';
import { AdapterResidency } from '../../adapter-state/index.js';
import { decodeOptimStep } from '../../../operations/training-operations.js';
import {
  FailedWithEffectError,
  HandlesOperation,
  type Operation,
  OperationHandler,
  type OperationOutcome,
} from '../../futures/index.js';

/**
 * Applies and clears the adapter's gradients; fails when the operations before it left none. Gradients that no step can
 * take are dropped, or every step after this one would fail on them, too.
 */
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
      const { step, digest, gradNorm, updateNorm, weightNorm } = await this.step(id, params);
      const metrics = {
        ...{ step, grad_norm: gradNorm, update_norm: updateNorm, weight_norm: weightNorm },
        learning_rate: params.learningRate,
      };
      return { result: { json: { metrics, digest }, tensors: {} }, effect: { step, digest, hasGradients: false } };
    });
  }

  private async step(adapterId: string, params: AdamParams): Promise<OptimStepResult> {
    try {
      return await this.backend.optimStep(adapterId, params);
    } catch (error) {
      if (!blamesGradients(error)) throw error;
      const passes = await this.backend.dropGradients(adapterId);
      const digest = await this.backend.digestState(adapterId);
      throw new FailedWithEffectError(withDropped(error, passes), { digest, hasGradients: false });
    }
  }
}

function withDropped({ code, category, status, message, details }: AppError, passes: number): AppError {
  const calls = passes === 1 ? 'one forward_backward call' : `${passes} forward_backward calls`;
  const dropped = `The gradients of ${calls} were dropped, so the next forward_backward starts from zero.`;
  return new AppError(code, category, status, `${message} ${dropped}`, { ...details, dropped_passes: passes });
}
