import { Injectable } from '@nestjs/common';
import { ComputeBackend } from '../../../../compute/compute-backend.js';
import { CHECKPOINT_KINDS } from '../../../../domain/checkpoint-path.js';
import { type OperationOutcome } from '../../../../operations/operation-outcome.js';
import { SAVE_OPERATIONS, savePayload } from '../../../../operations/payloads/save-payload.js';
import { AdapterResidency } from '../../../adapter-state/index.js';
import { type Operation, OperationHandler } from '../../../futures/index.js';
import { CheckpointWriter } from '../checkpoint-writer.js';

/** Writes the adapter's state as a checkpoint of the kind that the operation asks for. */
@Injectable()
export class SaveHandler extends OperationHandler {
  override readonly kinds = Object.values(SAVE_OPERATIONS);

  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
    private readonly writer: CheckpointWriter,
  ) {
    super();
  }

  override async run(operation: Operation): Promise<OperationOutcome> {
    const kind = CHECKPOINT_KINDS.find((saved) => SAVE_OPERATIONS[saved] === operation.kind);
    if (kind === undefined) throw new TypeError(`${operation.kind} does not save a checkpoint`);
    const adapter = await this.residency.use(operation);
    const request = savePayload.decode(operation.request);
    const { path, sizeBytes } = await this.writer.save(kind, request, adapter, operation, {
      save: (to, parts) => this.backend.saveState(adapter.id, to, parts),
      read: () => this.backend.exportState(adapter.id),
    });
    return { result: { json: { path, name: request.name, size_bytes: sizeBytes }, tensors: {} } };
  }
}
