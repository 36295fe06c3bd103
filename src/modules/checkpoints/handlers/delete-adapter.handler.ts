import { Injectable } from '@nestjs/common';
import { type OperationData } from '../../../domain/operation-data.js';
import { CheckpointStore } from '../../../storage/checkpoint-store.js';
import { AdapterResidency, AdapterStateStore } from '../../adapters/index.js';
import { HandlesOperation, type Operation, OperationHandler } from '../../futures/index.js';
import { CheckpointRepository } from '../repositories/checkpoint.repository.js';

/** Frees what a deleted adapter still has: memory, state snapshots and checkpoints. Can be repeated. */
@Injectable()
@HandlesOperation('delete_adapter')
export class DeleteAdapterHandler extends OperationHandler {
  constructor(
    private readonly residency: AdapterResidency,
    private readonly states: AdapterStateStore,
    private readonly checkpoints: CheckpointRepository,
    private readonly store: CheckpointStore,
  ) {
    super();
  }

  override async run({ adapterId }: Operation): Promise<OperationData> {
    if (adapterId === null) throw new TypeError('delete_adapter without an adapter');
    await this.residency.evict(adapterId);
    await this.states.deleteAll(adapterId);
    await this.checkpoints.deleteOfAdapter(adapterId);
    await this.store.delete(`checkpoints/${adapterId}`);
    return { json: { deleted: true }, tensors: {} };
  }
}
