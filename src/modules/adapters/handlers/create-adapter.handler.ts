import { Injectable } from '@nestjs/common';
import { type OperationData } from '../../../domain/operation-data.js';
import { HandlesOperation, type Operation, OperationHandler } from '../../futures/index.js';
import { AdapterResidency } from '../adapter-residency.js';

/** Warms the adapter up. Its row is there already, so a failure here shows in the future and again at first use. */
@Injectable()
@HandlesOperation('create_adapter')
export class CreateAdapterHandler extends OperationHandler {
  constructor(private readonly residency: AdapterResidency) {
    super();
  }

  override async run(operation: Operation): Promise<OperationData> {
    const adapter = await this.residency.use(operation);
    const { baseModel, rank, trainableParams } = adapter;
    return { json: { base_model: baseModel, rank, trainable_params: trainableParams }, tensors: {} };
  }
}
