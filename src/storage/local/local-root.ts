import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type AppError } from '../../common/errors/app-error.js';
import { StorageError, StorageFullError, toStorageError } from '../../common/errors/storage.errors.js';
import { checkedPath } from '../checkpoint-store.js';
import { removeAtOnce, unlessMissing } from './local-folders.js';
import { type LocalStoreSettings } from './local-store-settings.js';
import { isAbandoned, partName } from './part-names.js';

type Writable = Pick<FileHandle, 'writeFile' | 'sync' | 'close'>;

export interface LocalRootOptions {
  /** Opens a new file; a test puts a full disk here. */
  readonly openForWrite?: (path: string) => Promise<Writable>;
  /** By which other threads make the same; see LocalStoreSettings. */
  readonly fullFlag?: string;
}

/** Dots cannot begin a path, so this folder never meets one. */
export const TEMPORARY = '.tmp';

/** The folder of a local store: what is written whole lies at its path, and unfinished writes in a folder beside. */
export class LocalRoot {
  readonly openForWrite: (path: string) => Promise<Writable>;
  readonly settings: LocalStoreSettings;

  /** @param kind what errors call that which the store keeps */
  constructor(
    readonly folder: string,
    private readonly kind: 'checkpoint' | 'file',
    options: LocalRootOptions,
  ) {
    this.openForWrite = options.openForWrite ?? ((path) => open(path, 'wx'));
    this.settings = { folder, fullFlag: options.fullFlag ?? '' };
  }

  /** Makes the folder and sweeps what crashed writes left in it. */
  async start(): Promise<void> {
    await mkdir(this.temporary, { recursive: true }).catch((error: Error) => {
      const remedy = 'Correct DATA_DIR, or give this user write access to it.';
      throw new StorageError(`The ${this.kind} folder cannot be created: ${error.message}. ${remedy}`, { remedy });
    });
    await this.deleteAbandoned();
  }

  locate(path: string): string {
    return join(this.folder, ...checkedPath(path));
  }

  /** Where a write may put what is not finished. Its folder need not be there yet. */
  newPart(): string {
    return join(this.temporary, partName());
  }

  /** What a write to `path` failed with; what it leaves is deleted, and on a full disk what others have left, too. */
  async failureOf(path: string, part: string, error: unknown): Promise<AppError> {
    await rm(part, { recursive: true, force: true });
    const failure = toStorageError(error, `${this.kind} ${path}`, this.folder);
    if (failure instanceof StorageFullError) await this.deleteAbandoned().catch(() => undefined);
    return failure;
  }

  async delete(path: string): Promise<void> {
    const target = this.locate(path);
    try {
      await mkdir(this.temporary, { recursive: true });
      await removeAtOnce(target, this.newPart());
    } catch (error) {
      const failure = toStorageError(error, `the deletion of ${this.kind} ${path}`, this.folder);
      // A rename may need room for a folder's entry; deleting is what makes room.
      if (!(failure instanceof StorageFullError)) throw failure;
      await rm(target, { recursive: true, force: true });
    }
  }

  /** Deletes what writes that crashed have left. */
  async deleteAbandoned(): Promise<void> {
    try {
      for (const name of (await readdir(this.temporary).catch(unlessMissing)) ?? []) {
        const part = join(this.temporary, name);
        const found = await stat(part).catch(unlessMissing);
        if (found && isAbandoned({ name, writtenAt: found.mtime })) await rm(part, { recursive: true, force: true });
      }
    } catch (error) {
      throw toStorageError(error, `the deletion of unfinished ${this.kind}s`, this.folder);
    }
  }

  private get temporary(): string {
    return join(this.folder, TEMPORARY);
  }
}
