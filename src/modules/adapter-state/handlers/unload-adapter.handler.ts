import { Injectable } from '@nestjs/common';
import { type OperationOutcome } from '../../../operations/operation-outcome.js';
import { type Operation, OperationHandler } from '../../futures/index.js';
import { AdapterResidency } from '../adapter-residency.js';

/** Frees the memory of an adapter that nobody uses. Nothing is lost: the next operation restores it. */
@Injectable()
export class UnloadAdapterHandler extends OperationHandler {
  override readonly kinds = ['unload_adapter'] as const;

  constructor(private readonly residency: AdapterResidency) {
    super();
  }

  override async run(operation: Operation): Promise<OperationOutcome> {
    if (operation.adapterId !== null) await this.residency.unload(operation.adapterId);
    return { result: { json: { unloaded: true }, tensors: {} } };
  }
}
