import { Injectable } from '@nestjs/common';
import { ComputeBackend } from '../../../compute/compute-backend.js';
import { type OperationOutcome } from '../../../operations/operation-outcome.js';
import { OperationCatalog } from '../../../operations/operations.js';
import { type Operation, OperationHandler } from '../../futures/index.js';
import { AdapterResidency } from '../adapter-residency.js';
import { AdapterRestore } from '../adapter-restore.js';
import { warnOfChange } from './change-warning.js';

/** Runs the operations that change an adapter, by the same definitions that replay them. */
@Injectable()
export class ChangeAdapterHandler extends OperationHandler {
  override readonly kinds;

  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
    private readonly restore: AdapterRestore,
    private readonly catalog: OperationCatalog,
  ) {
    super();
    this.kinds = catalog.replayedKinds;
  }

  override run(operation: Operation): Promise<OperationOutcome> {
    const definition = this.catalog.replayed(operation.kind);
    if (definition === null) throw new TypeError(`${operation.kind} is not an operation that is replayed`);
    const request = definition.decode(operation.request);
    warnOfChange(operation, definition.changeSince?.(request, this.backend.capabilities));
    const { weight } = operation;
    return this.residency.change(
      operation,
      (adapter) => definition.apply({ ...this.restore.contextOf(adapter), weight }, request),
      // Written to disk before it completes, because a replay may not be able to repeat it.
      { persist: definition.replayReads !== 'payload' },
    );
  }
}
