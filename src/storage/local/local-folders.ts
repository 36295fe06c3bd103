import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type AppError } from '../../common/errors/app-error.js';
import { StorageError, toStorageOutage } from '../../common/errors/storage.errors.js';
import { type StoredFolder } from '../checkpoint-store.js';

/** Sorted by name. One that disappears meanwhile, or that is not there at all, is left out. */
export async function foldersIn(parent: string): Promise<StoredFolder[]> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(unlessMissing);
  const folders: StoredFolder[] = [];
  for (const entry of entries ?? []) {
    const { name } = entry;
    const found = entry.isDirectory() ? await stat(join(parent, name)).catch(unlessMissing) : null;
    if (found) folders.push({ name, writtenAt: found.mtime });
  }
  return folders.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function unlessMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}

/** Removes a folder so that nobody ever sees a part of it: renamed away first. */
export async function removeAtOnce(folder: string, away: string): Promise<void> {
  try {
    await rename(folder, away);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  await rm(away, { recursive: true, force: true });
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

export function readingFailed(what: string, root: string, error: unknown): AppError {
  const outage = toStorageOutage(error, `Stored ${what}`, root);
  if (outage !== null) return outage;
  if (isMissing(error)) return new StorageError(`Stored ${what} is missing.`, {}, { cause: error });
  const reason = error instanceof Error ? error.message : String(error);
  return new StorageError(`Stored ${what} cannot be read: ${reason}`, {}, { cause: error });
}

/** Makes the folders above `target` and syncs each one that gained an entry. */
export async function makeParents(target: string): Promise<void> {
  const first = await mkdir(dirname(target), { recursive: true });
  if (first === undefined) return;
  for (let folder = dirname(target); folder.length >= first.length; folder = dirname(folder)) {
    await syncFolder(dirname(folder));
  }
}
