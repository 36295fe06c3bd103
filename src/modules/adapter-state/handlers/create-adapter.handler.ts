import { Injectable } from '@nestjs/common';
import { ComputeBackend } from '../../../compute/compute-backend.js';
import { HandlesOperation, type Operation, OperationHandler, type OperationOutcome } from '../../futures/index.js';
import { AdapterResidency } from '../adapter-residency.js';
import { type AdapterEntity } from '../../adapters/index.js';

/**
 * Warms the adapter up. Its row is there already, so a failure here shows in the future and again at first use. The
 * state of a fork is written down: its source may be deleted at any time.
 */
@Injectable()
@HandlesOperation('create_adapter')
export class CreateAdapterHandler extends OperationHandler {
  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
  ) {
    super();
  }

  override run(operation: Operation): Promise<OperationOutcome> {
    const forked = operation.request.json['fork'] !== undefined;
    return this.residency.change(operation, (adapter) => this.describe(adapter, forked), { persist: forked });
  }

  private async describe(adapter: AdapterEntity, forked: boolean): Promise<OperationOutcome> {
    const { id, baseModel, rank, trainableParams, step } = adapter;
    const digest = await this.backend.digestState(id);
    const hasGradients = forked && (await this.backend.exportState(id)).gradients !== null;
    const json = { base_model: baseModel, rank, trainable_params: trainableParams, digest };
    return { result: { json, tensors: {} }, effect: { step, digest, hasGradients } };
  }
}
