import { Injectable } from '@nestjs/common';
import { PeriodicWork } from '../../common/periodic/periodic-work.js';
import { CheckpointStore } from '../../storage/checkpoint-store.js';
import { type AdapterFolder, FolderRepository } from './repositories/folder.repository.js';

/** Folders of the checkpoint store that have one folder per adapter. */
const KINDS = ['state', 'checkpoints'] as const;
const HOUR_MS = 3_600_000;

/**
 * Deletes folders that no row names: a process that dies between its files and its row leaves one. Whoever takes an
 * adapter looks at that adapter's folders; an hourly sweep finds those of adapters that nobody takes any more.
 */
@Injectable()
export class OrphanFolders extends PeriodicWork {
  protected readonly tasks = [
    this.task({ purpose: 'delete folders without a row', intervalMs: HOUR_MS, runsAtStart: true }, (stopping) =>
      this.sweep(stopping),
    ),
  ];

  constructor(
    private readonly store: CheckpointStore,
    private readonly rows: FolderRepository,
  ) {
    super();
  }

  /** Those of all adapters, and what writes that never came to their end have left. */
  async sweep(stopping?: AbortSignal): Promise<void> {
    await this.store.deleteAbandoned();
    const adapters = (await Promise.all(KINDS.map((kind) => this.store.folders(kind)))).flat();
    for (const adapterId of new Set(adapters.map(({ name }) => name))) {
      if (stopping?.aborted === true) return;
      await this.deleteOf(adapterId);
    }
  }

  /** Those of one adapter. They only take room, so a failure is not a reason to stop. */
  async tidy(adapterId: string): Promise<void> {
    await this.deleteOf(adapterId).catch((error: unknown) =>
      this.logger.warn(`Could not delete orphaned folders of adapter ${adapterId}: ${String(error)}`),
    );
  }

  private async deleteOf(adapterId: string): Promise<void> {
    const folders = (await Promise.all(KINDS.map((kind) => this.foldersOf(adapterId, kind)))).flat();
    if (folders.length === 0) return;
    // The folders were listed first: a row that is written from now on is not taken for a missing one.
    for (const path of await this.rows.findOrphans(adapterId, folders)) {
      await this.store.delete(path);
      this.logger.log(`Deleted orphaned folder ${path}`);
    }
  }

  private async foldersOf(adapterId: string, kind: string): Promise<AdapterFolder[]> {
    const folders = await this.store.folders(`${kind}/${adapterId}`);
    return folders.map(({ name, writtenAt }) => ({
      path: `${kind}/${adapterId}/${name}`,
      old: Date.now() - writtenAt.getTime() > HOUR_MS,
    }));
  }
}
