import { Injectable } from '@nestjs/common';
import { FaultPoints } from '../../common/fault-points.js';
import { snapshotWritten } from '../../common/probes.js';
import { ComputeBackend, type SavedState, type StateSource } from '../../compute/compute-backend.js';
import { AppConfig } from '../../config/app-config.js';
import { CheckpointStore } from '../../storage/checkpoint-store.js';
import { type AdapterSnapshotEntity, type AdapterEntity, SnapshotRepository } from '../adapters/index.js';
import { snapshotsToDrop } from './snapshot-policy.js';

/** An adapter's present state with its position in the log. */
export interface StateToKeep {
  /** The state contains the operations up to and including this one. */
  readonly position: number;
  /** The lease under which it came about. */
  readonly lease: number;
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
    private readonly backend: ComputeBackend,
    private readonly store: CheckpointStore,
    private readonly snapshots: SnapshotRepository,
    private readonly faults: FaultPoints,
    private readonly config: AppConfig,
  ) {}

  /** Snapshots that hold the state at this position or before, newest first. */
  find(adapterId: string, upTo: number): Promise<AdapterSnapshotEntity[]> {
    return this.snapshots.findUsable(adapterId, upTo);
  }

  /** Where the backend finds a snapshot's state. */
  sourceOf(_adapter: AdapterEntity, { path }: Pick<AdapterSnapshotEntity, 'path'>): StateSource {
    return { ref: path };
  }

  /**
   * Keeps the state that the adapter has at the call, and lets others go as SNAPSHOTS_KEPT and the age of the log ask. The folder is that of the lease
   * alone: a worker that has lost it meanwhile touches nothing of its successor's.
   */
  async write(adapter: AdapterEntity, { position, lease, pinned }: StateToKeep): Promise<void> {
    const path = snapshotFolder(adapter.id, position, lease);
    const { step, digest, bytes: sizeBytes } = await this.save(adapter.id, path);
    this.faults.reach('snapshot-renamed');
    const row = { adapterId: adapter.id, position, lease, step, path, sizeBytes, digest, pinned };
    const inserted = await this.snapshots.insert(row);
    if (inserted === null) {
      // Deleted or taken by another worker meanwhile.
      await this.store.delete(path);
      return;
    }
    if (inserted.replaced !== null && inserted.replaced !== path) await this.store.delete(inserted.replaced);
    await this.thin(adapter.id);
  }

  private async save(adapterId: string, path: string): Promise<SavedState> {
    const began = performance.now();
    let bytes: number | null = null;
    try {
      const saved = await this.backend.saveState(adapterId, path, 'all');
      ({ bytes } = saved);
      return saved;
    } finally {
      snapshotWritten.publish({ seconds: (performance.now() - began) / 1000, bytes });
    }
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
