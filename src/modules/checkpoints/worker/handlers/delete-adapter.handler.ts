import { Injectable } from '@nestjs/common';
import { CheckpointStore } from '../../../../storage/checkpoint-store.js';
import { AdapterResidency, AdapterStateStore } from '../../../adapter-state/index.js';
import { type OperationOutcome } from '../../../../operations/operation-outcome.js';
import { type Operation, OperationHandler } from '../../../futures/index.js';
import { CheckpointEventRepository } from '../../repositories/checkpoint-event.repository.js';
import { CheckpointRepository } from '../../repositories/checkpoint.repository.js';

/** Frees what a deleted adapter still has: memory, state snapshots and checkpoints. Can be repeated. */
@Injectable()
export class DeleteAdapterHandler extends OperationHandler {
  override readonly kinds = ['delete_adapter'] as const;

  constructor(
    private readonly residency: AdapterResidency,
    private readonly states: AdapterStateStore,
    private readonly checkpoints: CheckpointRepository,
    private readonly store: CheckpointStore,
    private readonly history: CheckpointEventRepository,
  ) {
    super();
  }

  override async run({ adapterId }: Operation): Promise<OperationOutcome> {
    if (adapterId === null) throw new TypeError('delete_adapter without an adapter');
    await this.residency.evict(adapterId);
    await this.states.deleteAll(adapterId);
    await this.deleteCheckpoints(adapterId);
    await this.store.delete(`checkpoints/${adapterId}`);
    return { result: { json: { deleted: true }, tensors: {} } };
  }

  private deleteCheckpoints(adapterId: string): Promise<void> {
    return this.checkpoints.manager.transaction(async (manager) => {
      for (const checkpoint of await this.checkpoints.deleteOfAdapter(adapterId, manager)) {
        await this.history.record(checkpoint, 'checkpoint_delete', { cause: 'model_delete' }, manager);
      }
    });
  }
}
