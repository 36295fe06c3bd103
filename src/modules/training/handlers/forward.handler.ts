import { Injectable } from '@nestjs/common';
import { ComputeBackend, type ModelTarget } from '../../../compute/compute-backend.js';
import { type OperationData } from '../../../domain/operation-data.js';
import { AdapterResidency, decodeForward } from '../../adapters/index.js';
import { HandlesOperation, type Operation, OperationHandler } from '../../futures/index.js';
import { toForwardData } from '../forward-result.js';

/** Loss and log-probs of a batch under an adapter or a bare base model; changes nothing. */
@Injectable()
@HandlesOperation('forward')
export class ForwardHandler extends OperationHandler {
  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
  ) {
    super();
  }

  override async run(operation: Operation): Promise<OperationData> {
    const target = await this.targetOf(operation);
    return toForwardData(await this.backend.forward(target, decodeForward(operation.request)));
  }

  private async targetOf(operation: Operation): Promise<ModelTarget> {
    if (operation.adapterId === null) return { kind: 'base', baseModel: operation.baseModel };
    const adapter = await this.residency.use(operation);
    return { kind: 'adapter', adapterId: adapter.id };
  }
}
