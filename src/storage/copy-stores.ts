import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../common/errors/storage.errors.js';
import { type CheckpointStore } from './checkpoint-store.js';
import { type FileStore } from './file-store.js';
import { LocalCheckpointStore } from './local/local-checkpoint-store.js';
import { LocalFileStore } from './local/local-file-store.js';
import { unlessMissing } from './local/local-folders.js';

export interface Copied {
  checkpoints: number;
  files: number;
  /** Of both kinds, which were there. */
  skipped: number;
}

/**
 * Copies the checkpoints and files of a DATA_DIR to other stores, one by one. Those that exist already are left alone, so that a
 * copy that was interrupted can be repeated. Nobody may write to either side meanwhile.
 * @throws StorageError, StorageOutageError
 */
export async function copyStores(
  dataDir: string,
  to: { readonly checkpoints: CheckpointStore; readonly files: FileStore },
): Promise<Copied> {
  const copied: Copied = { checkpoints: 0, files: 0, skipped: 0 };
  const checkpoints = new LocalCheckpointStore(join(dataDir, 'checkpoints'));
  for (const kind of await namesIn(join(dataDir, 'checkpoints'))) {
    for await (const path of checkpointsBelow(checkpoints, kind)) {
      if (await to.checkpoints.exists(path)) copied.skipped++;
      else {
        const names = await checkpoints.list(path);
        const read = await Promise.all(names.map(async (name) => [name, await checkpoints.read(path, name)] as const));
        await to.checkpoints.write(path, new Map(read));
        copied.checkpoints++;
      }
    }
  }
  await copyFiles(join(dataDir, 'files'), to.files, copied);
  return copied;
}

async function copyFiles(folder: string, to: FileStore, copied: Copied): Promise<void> {
  const files = new LocalFileStore(folder);
  for (const id of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, id))) {
      const path = `${id}/${name}`;
      if (await isThere(to, path)) copied.skipped++;
      else {
        await to.write(path, files.stream(path));
        copied.files++;
      }
    }
  }
}

async function isThere(files: FileStore, path: string): Promise<boolean> {
  try {
    await files.sizeBytes(path);
    return true;
  } catch (error) {
    if (error instanceof StorageError) return false;
    throw error;
  }
}

/** A folder with files in it is a checkpoint; others lead to some. */
async function* checkpointsBelow(store: LocalCheckpointStore, path: string): AsyncGenerator<string, void, undefined> {
  if ((await store.list(path)).length > 0) {
    yield path;
    return;
  }
  for (const { name } of await store.folders(path)) yield* checkpointsBelow(store, `${path}/${name}`);
}

/** Without those of unfinished writes. */
async function namesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(unlessMissing)) ?? [];
  return names.filter((name) => !name.startsWith('.')).sort();
}
