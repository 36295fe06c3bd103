import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toStorageError } from '../../common/errors/storage.errors.js';
import { unlessMissing } from './local-folders.js';
import { isDeadWriter, partName } from './part-names.js';

/** Longer than anybody works in a folder. */
const ABANDONED_MS = 24 * 3_600_000;

/** Folders that exist while somebody works in them. */
export class LocalWorkspace {
  constructor(private readonly folder: string) {}

  async use<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const own = join(this.folder, partName());
    try {
      await mkdir(own, { recursive: true });
      return await work(own);
    } catch (error) {
      throw error instanceof Error && 'syscall' in error ? toStorageError(error, 'a work folder', this.folder) : error;
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  }

  /** What crashed processes have left. */
  async deleteAbandoned(): Promise<void> {
    for (const name of (await readdir(this.folder).catch(unlessMissing)) ?? []) {
      const path = join(this.folder, name);
      const found = await stat(path).catch(unlessMissing);
      const isOld = found !== null && Date.now() - found.mtimeMs > ABANDONED_MS;
      if (isOld || isDeadWriter(name)) await rm(path, { recursive: true, force: true });
    }
  }
}
