import { Injectable } from '@nestjs/common';
import { ComputeBackend, type ModelTarget } from '../../../compute/compute-backend.js';
import { AdapterResidency } from '../../adapter-state/index.js';
import { decodeForward } from '../../../operations/training-operations.js';
import { HandlesOperation, type Operation, OperationHandler, type OperationOutcome } from '../../futures/index.js';
import { forwardUsage, toForwardData, warnOfPluginChange } from '../forward-result.js';

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

  override async run(operation: Operation): Promise<OperationOutcome> {
    const target = await this.targetOf(operation);
    const request = decodeForward(operation.request);
    warnOfPluginChange(operation, request, this.backend);
    const usage = forwardUsage(request);
    return { result: toForwardData(await this.backend.forward(target, request), request.loss), usage };
  }

  private async targetOf(operation: Operation): Promise<ModelTarget> {
    if (operation.adapterId === null) return { kind: 'base', baseModel: operation.baseModel };
    const adapter = await this.residency.use(operation);
    return { kind: 'adapter', adapterId: adapter.id };
  }
}
