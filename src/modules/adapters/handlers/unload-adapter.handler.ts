import { Injectable } from '@nestjs/common';
import { type OperationData } from '../../../domain/operation-data.js';
import { HandlesOperation, type Operation, OperationHandler } from '../../futures/index.js';
import { AdapterResidency } from '../adapter-residency.js';

/** Frees the memory of an adapter that nobody uses. Nothing is lost: the next operation brings it back. */
@Injectable()
@HandlesOperation('unload_adapter')
export class UnloadAdapterHandler extends OperationHandler {
  constructor(private readonly residency: AdapterResidency) {
    super();
  }

  override async run(operation: Operation): Promise<OperationData> {
    await this.residency.unload(operation);
    return { json: { unloaded: true }, tensors: {} };
  }
}
