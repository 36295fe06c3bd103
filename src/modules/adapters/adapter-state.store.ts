import { Injectable } from '@nestjs/common';
import { BaseModelCatalog } from '../../base-models/base-model-catalog.js';
import { type AdapterState } from '../../domain/adapter-state.js';
import { CheckpointStore } from '../../storage/checkpoint-store.js';
import { readFiles, toFiles } from './adapter-files.js';
import { type AdapterEntity } from './entities/adapter.entity.js';
import { AdapterRepository } from './repositories/adapter.repository.js';

/**
 * State snapshots of adapters: a folder per snapshot, named in the adapter's row once its files are safe. Only the
 * newest is kept.
 */
@Injectable()
export class AdapterStateStore {
  constructor(
    private readonly store: CheckpointStore,
    private readonly adapters: AdapterRepository,
    private readonly baseModels: BaseModelCatalog,
  ) {}

  /** The snapshot at `path` of this adapter. */
  async read(adapter: AdapterEntity, path: string): Promise<AdapterState> {
    const { config } = this.baseModels.get(adapter.baseModel);
    return (await readFiles(this.store, path, config)).state;
  }

  /** Keeps the state as what the log gives up to and including `position`. */
  async write(adapter: AdapterEntity, position: number, state: AdapterState): Promise<void> {
    const path = `${stateFolder(adapter.id)}/${position}`;
    await this.store.write(path, toFiles(adapter, state, { optimizer: true }));
    const recorded = await this.adapters.recordSnapshot(adapter.id, path, position);
    if (!recorded) {
      // Deleted meanwhile, or a newer snapshot is there.
      await this.store.delete(path);
    } else if (recorded.replaced !== null && recorded.replaced !== path) {
      await this.store.delete(recorded.replaced);
    }
  }

  async deleteAll(adapterId: string): Promise<void> {
    await this.store.delete(stateFolder(adapterId));
  }
}

/** Where an adapter's snapshots are in the checkpoint store. */
export function stateFolder(adapterId: string): string {
  return `state/${adapterId}`;
}
