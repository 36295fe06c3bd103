import { Injectable } from '@nestjs/common';
import { BaseModelCatalog } from '../../base-models/base-model-catalog.js';
import { FaultPoints } from '../../common/fault-points.js';
import { AppConfig } from '../../config/app-config.js';
import { type AdapterState } from '../../domain/adapter/adapter-state.js';
import { CheckpointStore } from '../../storage/checkpoint-store.js';
import { readFiles, toFiles } from '../../storage/adapter-files.js';
import { type AdapterSnapshotEntity, type AdapterEntity, SnapshotRepository } from '../adapters/index.js';
import { snapshotsToDrop } from './snapshot-policy.js';

/** A state at its place in the log. */
export interface StateToKeep {
  /** The state contains the operations up to and including this one. */
  readonly position: number;
  /** The lease under which it came about. */
  readonly lease: number;
  readonly state: AdapterState;
  readonly digest: string;
  /** The log cannot repeat what led to it. */
  readonly pinned: boolean;
}

const HOUR_MS = 3_600_000;

/**
 * State snapshots of adapters: a folder per snapshot, named in a row once its files are safe, and taken out of the rows
 * before its files go. So a row without files means damage, and files without a row are waste.
 */
@Injectable()
export class AdapterStateStore {
  constructor(
    private readonly store: CheckpointStore,
    private readonly snapshots: SnapshotRepository,
    private readonly baseModels: BaseModelCatalog,
    private readonly faults: FaultPoints,
    private readonly config: AppConfig,
  ) {}

  /** Snapshots that hold the state at this position or before, newest first. */
  find(adapterId: string, upTo: number): Promise<AdapterSnapshotEntity[]> {
    return this.snapshots.findUsable(adapterId, upTo);
  }

  /** What is in a snapshot. @throws StorageError when its files are not there or damaged. */
  async read(adapter: AdapterEntity, { path }: Pick<AdapterSnapshotEntity, 'path'>): Promise<AdapterState> {
    const { config } = this.baseModels.get(adapter.baseModel);
    return (await readFiles(this.store, path, config)).state;
  }

  /**
   * Keeps a state, and lets others go as SNAPSHOTS_KEPT and the age of the log ask. The folder is that of the lease
   * alone: a worker that has lost it meanwhile touches nothing of its successor's.
   */
  async write(adapter: AdapterEntity, { position, lease, state, digest, pinned }: StateToKeep): Promise<void> {
    const path = snapshotFolder(adapter.id, position, lease);
    const files = toFiles(adapter, state, { optimizer: true });
    await this.store.write(path, files);
    this.faults.reach('snapshot-renamed');
    const sizeBytes = [...files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    const row = { adapterId: adapter.id, position, lease, step: state.step, path, sizeBytes, digest, pinned };
    const inserted = await this.snapshots.insert(row);
    if (inserted === null) {
      // Deleted or taken by another worker meanwhile.
      await this.store.delete(path);
      return;
    }
    if (inserted.replaced !== null && inserted.replaced !== path) await this.store.delete(inserted.replaced);
    await this.thin(adapter.id);
  }

  /** Deletes the snapshots that are too many or too old. */
  async thin(adapterId: string): Promise<void> {
    const all = await this.snapshots.findAll(adapterId);
    const { snapshotsKept: kept, futureRetentionHours: hours } = this.config;
    const expiredBefore = hours === 0 ? null : new Date(Date.now() - hours * HOUR_MS);
    const dropped = snapshotsToDrop(all, { kept, expiredBefore });
    await this.delete(
      adapterId,
      all.filter(({ position }) => dropped.includes(position)),
    );
  }

  /** Deletes what operations that failed have written. */
  async deleteFailed(adapterId: string): Promise<void> {
    await this.delete(adapterId, await this.snapshots.findFailed(adapterId));
  }

  /** Deletes what was kept of deleted adapters for their forks, once these have states of their own or are gone, too. */
  async deleteAbandoned(): Promise<void> {
    for (const adapterId of await this.snapshots.findAbandoned()) await this.deleteAll(adapterId);
  }

  /** False: adapters that were forked from it have no state of their own yet, so it is kept for them. */
  async deleteAll(adapterId: string): Promise<boolean> {
    if (await this.snapshots.isNeededByForks(adapterId)) return false;
    await this.snapshots.deleteAll(adapterId);
    await this.store.delete(stateFolder(adapterId));
    return true;
  }

  private async delete(adapterId: string, snapshots: readonly AdapterSnapshotEntity[]): Promise<void> {
    await this.snapshots.delete(
      adapterId,
      snapshots.map(({ position }) => position),
    );
    for (const { path } of snapshots) await this.store.delete(path);
  }
}

/** Where an adapter's snapshots are in the checkpoint store. */
export function stateFolder(adapterId: string): string {
  return `state/${adapterId}`;
}

export function snapshotFolder(adapterId: string, position: number, lease: number): string {
  return `${stateFolder(adapterId)}/${position}-${lease}`;
}
