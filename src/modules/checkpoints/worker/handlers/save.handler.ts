import { Injectable } from '@nestjs/common';
import { ComputeBackend } from '../../../../compute/compute-backend.js';
import { AdapterResidency } from '../../../adapter-state/index.js';
import { type Operation, OperationHandler, type OperationOutcome } from '../../../futures/index.js';
import { decodeSave } from '../../checkpoint-operations.js';
import { CheckpointWriter } from '../checkpoint-writer.js';
import { type CheckpointKind } from '../../../../domain/checkpoint-path.js';

/** Writes the adapter's state as a checkpoint of one kind. */
@Injectable()
export abstract class SaveHandler extends OperationHandler {
  protected abstract readonly kind: CheckpointKind;

  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
    private readonly writer: CheckpointWriter,
  ) {
    super();
  }

  override async run(operation: Operation): Promise<OperationOutcome> {
    const adapter = await this.residency.use(operation);
    const request = decodeSave(operation.request);
    const readState = () => this.backend.exportState(adapter.id);
    const { path, sizeBytes } = await this.writer.save(this.kind, request, adapter, operation, readState);
    return { result: { json: { path, name: request.name, size_bytes: sizeBytes }, tensors: {} } };
  }
}
