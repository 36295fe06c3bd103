import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { FaultPoints } from '../../../common/fault-points.js';
import { type SavedState, type StateParts, type StateRef } from '../../../compute/compute-backend.js';
import { type AdapterState } from '../../../domain/adapter/adapter-state.js';
import { encryptFiles } from '../../../formats/age-encryption.js';
import { type SaveRequest } from '../../../operations/payloads/save-payload.js';
import { CheckpointStore } from '../../../storage/checkpoint-store.js';
import { type AdapterEntity } from '../../adapters/index.js';
import { toFiles } from '../../../storage/adapter-files.js';
import { type Operation } from '../../futures/index.js';
import { endOf, isExpired } from '../checkpoint-lifetime.js';
import { formatCheckpointPath } from '../../../domain/checkpoint-path.js';
import { type CheckpointKind } from '../../../domain/checkpoint-path.js';
import { type CheckpointEntity } from '../entities/checkpoint.entity.js';
import { CheckpointExistsError, LeaseOutdatedError } from '../errors/checkpoint.errors.js';
import { CheckpointRepository } from '../repositories/checkpoint.repository.js';

/** The state of the adapter that is saved. */
export interface SaveableState {
  /** Writes it where the backend reaches it. */
  readonly save: (to: StateRef, parts: StateParts) => Promise<Pick<SavedState, 'step'>>;
  /** Brings it here, for files that must not be on the disk as they are. */
  readonly read: () => Promise<AdapterState>;
}

/**
 * Writes checkpoints: first the files, to a folder that belongs to the operation and the lease alone, then the row that
 * names them. A repeat of the operation under a later lease takes the first one's row for its own; a worker that has
 * lost the lease meanwhile touches nothing of its successor's.
 */
@Injectable()
export class CheckpointWriter {
  constructor(
    private readonly store: CheckpointStore,
    private readonly checkpoints: CheckpointRepository,
    private readonly faults: FaultPoints,
  ) {}

  /**
   * Returns the checkpoint's path for clients, and the size of its files.
   * @throws CheckpointExistsError, StorageFullError, LeaseOutdatedError
   */
  async save(
    kind: CheckpointKind,
    request: SaveRequest,
    adapter: AdapterEntity,
    { requestId, lease }: Pick<Operation, 'requestId' | 'lease'>,
    state: SaveableState,
  ): Promise<{ path: string; sizeBytes: number }> {
    const { name, overwrite, ttlSeconds, recipients = [] } = request;
    const key = { adapterId: adapter.id, kind, name };
    const ownFolders = `checkpoints/${adapter.id}/${requestId}`;
    const path = `${ownFolders}-${lease}`;
    const clientPath = { modelId: adapter.modelId, kind, name };
    const replaces = (existing: CheckpointEntity): boolean =>
      overwrite || existing.path.startsWith(ownFolders) || isExpired(existing);
    const existing = await this.checkpoints.find(key);
    if (existing && !replaces(existing)) throw new CheckpointExistsError(clientPath);
    const withOptimizer = kind === 'training';
    // Unapplied gradients belong to the adapter, not to a checkpoint: loading one drops them.
    const { step } =
      recipients.length > 0
        ? await this.writeEncrypted(path, adapter, await state.read(), { withOptimizer, recipients })
        : await state.save(path, withOptimizer ? 'optimizer' : 'weights');
    this.faults.reach('checkpoint-renamed');
    const row = {
      id: request.checkpointId ?? `checkpoint_${ulid()}`,
      ...key,
      path,
      withOptimizer,
      step,
      modelId: adapter.modelId,
      baseModel: adapter.baseModel,
      lora: adapter.lora,
      owner: adapter.owner,
      public: false,
      userMetadata: request.userMetadata ?? null,
      sizeBytes: await this.store.sizeBytes(path),
      expiresAt: endOf(ttlSeconds),
    };
    const replaced = await this.checkpoints.put(row, replaces, lease);
    if (replaced === 'taken' || replaced === 'outdated') {
      await this.store.delete(path);
      throw replaced === 'taken' ? new CheckpointExistsError(clientPath) : new LeaseOutdatedError(adapter.modelId);
    }
    if (replaced.path !== null && replaced.path !== path) await this.store.delete(replaced.path);
    return { path: formatCheckpointPath(clientPath), sizeBytes: row.sizeBytes };
  }
  /** Encrypts the files here: unencrypted ones never reach the disk. */
  private async writeEncrypted(
    path: string,
    adapter: AdapterEntity,
    state: AdapterState,
    { withOptimizer, recipients }: { withOptimizer: boolean; recipients: readonly string[] },
  ): Promise<AdapterState> {
    const files = toFiles(adapter, { ...state, gradients: null }, { optimizer: withOptimizer });
    await this.store.write(path, await encryptFiles(files, recipients));
    return state;
  }
}
