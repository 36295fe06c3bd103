import { Injectable } from '@nestjs/common';
import { HandlesOperation, type Operation, OperationHandler, type OperationOutcome } from '../../futures/index.js';
import { AdapterResidency } from '../adapter-residency.js';

/** Frees the memory of an adapter that nobody uses. Nothing is lost: the next operation brings it back. */
@Injectable()
@HandlesOperation('unload_adapter')
export class UnloadAdapterHandler extends OperationHandler {
  constructor(private readonly residency: AdapterResidency) {
    super();
  }

  override async run(operation: Operation): Promise<OperationOutcome> {
    if (operation.adapterId !== null) await this.residency.unload(operation.adapterId);
    return { result: { json: { unloaded: true }, tensors: {} } };
  }
}
