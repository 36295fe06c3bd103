import { Injectable } from '@nestjs/common';
import { ComputeBackend } from '../../../compute/compute-backend.js';
import { createAdapterOperation } from '../../../operations/kinds/create-adapter.operation.js';
import { type OperationOutcome } from '../../../operations/operation-outcome.js';
import { type AdapterEntity } from '../../adapters/index.js';
import { type Operation, OperationHandler } from '../../futures/index.js';
import { AdapterResidency } from '../adapter-residency.js';

/**
 * Warms the adapter up. Its row exists already, so a failure here shows in the future and again at first use. The state
 * of a fork is written to disk, because its source may be deleted at any time.
 */
@Injectable()
export class CreateAdapterHandler extends OperationHandler {
  override readonly kinds = ['create_adapter'] as const;

  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
  ) {
    super();
  }

  override run(operation: Operation): Promise<OperationOutcome> {
    const forked = createAdapterOperation.decode(operation.request).fork !== undefined;
    return this.residency.change(operation, (adapter) => this.describe(adapter, forked), { persist: forked });
  }

  private async describe(adapter: AdapterEntity, forked: boolean): Promise<OperationOutcome> {
    const { id, baseModel, rank, trainableParams, step } = adapter;
    const digest = await this.backend.digestState(id);
    const hasGradients = forked && (await this.backend.describeState(id)).hasGradients;
    const json = { base_model: baseModel, rank, trainable_params: trainableParams, digest };
    return { result: { json, tensors: {} }, effect: { step, digest, hasGradients } };
  }
}
