import { Injectable } from '@nestjs/common';
import { ComputeBackend } from '../../../compute/compute-backend.js';
import { HandlesOperation, type Operation, OperationHandler, type OperationOutcome } from '../../futures/index.js';
import { AdapterResidency } from '../adapter-residency.js';
import { AdapterRestore } from '../adapter-restore.js';
import { type AdapterEntity } from '../../adapters/index.js';
import { decodeRewind } from '../../../operations/training-operations.js';

/** Gives the adapter the state back that it had after an earlier operation, to the bit, unapplied gradients included. */
@Injectable()
@HandlesOperation('rewind_adapter')
export class RewindAdapterHandler extends OperationHandler {
  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
    private readonly restore: AdapterRestore,
  ) {
    super();
  }

  override run(operation: Operation): Promise<OperationOutcome> {
    const { position } = decodeRewind(operation.request);
    return this.residency.change(operation, (adapter) => this.rewind(adapter, position), { persist: true });
  }

  private async rewind(adapter: AdapterEntity, position: number): Promise<OperationOutcome> {
    const { id, baseModel, lora } = adapter;
    const state = await this.restore.stateAt(adapter, position);
    await this.backend.createAdapter({ id, baseModel, lora }, state);
    const digest = await this.backend.digestState(id);
    const [step, hasGradients] = [state.step, state.gradients !== null];
    const json = { step, digest, has_gradients: hasGradients };
    return { result: { json, tensors: {} }, effect: { step, digest, hasGradients } };
  }
}
