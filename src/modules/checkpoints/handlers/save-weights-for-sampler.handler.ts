import { Injectable } from '@nestjs/common';
import { ComputeBackend } from '../../../compute/compute-backend.js';
import { type OperationData } from '../../../domain/operation-data.js';
import { AdapterResidency } from '../../adapters/index.js';
import { HandlesOperation, type Operation, OperationHandler } from '../../futures/index.js';
import { decodeSave } from '../checkpoint-operations.js';
import { CheckpointWriter } from '../checkpoint-writer.js';

/** An immutable snapshot of the weights, to sample from. */
@Injectable()
@HandlesOperation('save_weights_for_sampler')
export class SaveWeightsForSamplerHandler extends OperationHandler {
  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
    private readonly writer: CheckpointWriter,
  ) {
    super();
  }

  override async run(operation: Operation): Promise<OperationData> {
    const adapter = await this.residency.use(operation);
    const request = decodeSave(operation.request);
    const readState = () => this.backend.exportState(adapter.id);
    const path = await this.writer.save('sampler', request, adapter, operation.requestId, readState);
    return { json: { path, name: request.name }, tensors: {} };
  }
}
