import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
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
export class OrphanFolders implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(OrphanFolders.name);
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | null = null;
  private closing = false;

  constructor(
    private readonly store: CheckpointStore,
    private readonly rows: FolderRepository,
  ) {}

  onApplicationBootstrap(): void {
    const sweep = () => (this.sweeping ??= this.sweep().finally(() => (this.sweeping = null)));
    this.timer = setInterval(() => void sweep(), HOUR_MS);
    this.timer.unref();
    void sweep();
  }

  async onModuleDestroy(): Promise<void> {
    this.closing = true;
    clearInterval(this.timer);
    await this.sweeping;
  }

  /** Those of all adapters, and what writes that never came to their end have left. */
  async sweep(): Promise<void> {
    try {
      await this.store.deleteAbandoned();
      const adapters = (await Promise.all(KINDS.map((kind) => this.store.folders(kind)))).flat();
      for (const adapterId of new Set(adapters.map(({ name }) => name))) {
        if (this.closing) return;
        await this.deleteOf(adapterId);
      }
    } catch (error) {
      this.logger.warn(`Could not look for folders without a row, trying again in an hour: ${String(error)}`);
    }
  }

  /** Those of one adapter. They only take room, so a failure is no reason to stop. */
  async tidy(adapterId: string): Promise<void> {
    await this.deleteOf(adapterId).catch((error: unknown) =>
      this.logger.warn(`Could not delete folders of adapter ${adapterId} without a row: ${String(error)}`),
    );
  }

  private async deleteOf(adapterId: string): Promise<void> {
    const folders = (await Promise.all(KINDS.map((kind) => this.foldersOf(adapterId, kind)))).flat();
    if (folders.length === 0) return;
    // The folders were listed first: a row that is written from now on is not taken for a missing one.
    for (const path of await this.rows.findOrphans(adapterId, folders)) {
      await this.store.delete(path);
      this.logger.log(`Deleted ${path}, which no row names`);
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
