/**
 * A copy of the stores as they are at one moment, made of hard links: it takes a moment and no space, and keeps files that
 * the service deletes meanwhile. Nothing in a store is ever changed in place, so a link is as good as a copy.
 */
import { constants, existsSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { STORES } from './format.mjs';

/** Unfinished writes, which no row refers to. */
const TEMPORARY = '.tmp';
/** File systems without hard links. */
const CANNOT_LINK = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK']);

/** @returns {Promise<{ files: number }>} */
export async function linkStores(dataDir, target) {
  let files = 0;
  for (const store of STORES) {
    await mkdir(path.join(target, store), { recursive: true });
    files += await linkTree(path.join(dataDir, store), path.join(target, store));
  }
  return { files };
}

async function linkTree(source, target) {
  let files = 0;
  for (const entry of await readdir(source, { withFileTypes: true }).catch(unlessGone([]))) {
    if (entry.name === TEMPORARY) continue;
    const [from, to] = [source, target].map((folder) => path.join(folder, entry.name));
    if (entry.isDirectory()) {
      await mkdir(to);
      files += await linkTree(from, to);
    } else if (entry.isFile()) {
      files += await linkFile(from, to);
    }
  }
  return files;
}

async function linkFile(from, to) {
  try {
    await link(from, to);
    return 1;
  } catch (error) {
    if (error.code === 'ENOENT') return 0;
    if (!CANNOT_LINK.has(error.code)) throw error;
    return copyFile(from, to, constants.COPYFILE_EXCL).then(() => 1, unlessGone(0));
  }
}

/** The service deletes while this reads. */
const unlessGone = (value) => (error) => {
  if (error.code === 'ENOENT') return value;
  throw error;
};

/** Which of `paths` a copy lacks, or has without any file. */
export async function missingIn(folder, paths) {
  const missing = [];
  for (const one of paths) {
    const names = existsSync(path.join(folder, one)) ? await readdir(path.join(folder, one)) : [];
    if (names.length === 0) missing.push(one);
  }
  return missing;
}

export const removeLinks = (target) => rm(target, { recursive: true, force: true });
