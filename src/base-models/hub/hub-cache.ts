import { randomBytes } from 'node:crypto';
import {
  access,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { safetensorsFiles } from '../checkpoint-files.js';
import { HubBlobs, isEtag, matchesEtag } from './hub-blobs.js';

/** What is in the cache of a model. */
export interface CachedSnapshot {
  readonly commit: string;
  readonly folder: string;
  /** Names of files whose bytes are not what the hub sent. */
  readonly damaged: readonly string[];
  /** False when another tool has fetched it, perhaps not all of it. */
  readonly complete: boolean;
}

/** Of a model repository, what is needed beside the weights. */
export const SMALL_FILES =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|chat_template)\.json$|^(chat_template\.jinja|vocab\.json|merges\.txt)$/;

/**
 * The cache folder that all Hugging Face tools share: `<home>/hub/models--owner--name` with `blobs/<etag>`,
 * `snapshots/<commit>/<file>` as links to them, and `refs/main` naming the commit. A model fetched by another tool is
 * found here, and the other way round. Ours alone is `.verified`, which no other tool reads.
 */
export class HubCache {
  readonly folder: string;
  readonly blobs: HubBlobs;

  /** `home`: HF_HOME; empty = ~/.cache/huggingface. */
  constructor(home: string, repo: string) {
    const base = join(home === '' ? join(homedir(), '.cache', 'huggingface') : home, 'hub');
    const name = ['models', ...repo.split('/')].join('--');
    this.folder = join(base, name);
    this.blobs = new HubBlobs(this.folder, join(base, '.locks', name));
  }

  snapshot(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  /** The newest snapshot, looked through for damage; null when something that is needed was never fetched. */
  async findSnapshot(options: { weights: boolean }): Promise<CachedSnapshot | null> {
    try {
      const commit = (await readFile(join(this.folder, 'refs', 'main'), 'utf8')).trim();
      const folder = this.snapshot(commit);
      const weights = options.weights ? await safetensorsFiles(folder, folder) : [];
      const needed = ['config.json', 'tokenizer.json', ...weights];
      await Promise.all(needed.map((name) => access(join(folder, name))));
      const others = (await readdir(folder)).filter((name) => SMALL_FILES.test(name) && !needed.includes(name));
      const names = [...needed, ...others];
      const damaged: string[] = [];
      for (const name of names) if (await this.isDamaged(join(folder, name))) damaged.push(name);
      return { commit, folder, damaged, complete: await exists(this.completeMark(commit)) };
    } catch {
      return null;
    }
  }

  /** A link's target is named by its hash; of a copy, on a file system without links, nothing is known. */
  private async isDamaged(path: string): Promise<boolean> {
    const etag = await readlink(path).then(basename, () => '');
    return isEtag(etag) && !(await this.blobs.isWhole(etag));
  }

  /** Makes a fetched blob visible as a file of the snapshot. */
  async link(etag: string, commit: string, name: string): Promise<void> {
    const path = join(this.snapshot(commit), name);
    const target = relative(dirname(path), this.blobs.path(etag));
    if (await this.isLinked(path, target)) return;
    await mkdir(dirname(path), { recursive: true });
    const temporary = privateName(path);
    try {
      // File systems without links get a copy.
      await symlink(target, temporary).catch(() => copyFile(this.blobs.path(etag), temporary));
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  private async isLinked(path: string, target: string): Promise<boolean> {
    return readlink(path).then(
      (present) => present === target,
      () => false,
    );
  }

  /** Is the file there as huggingface_hub writes it where links are not supported: the file itself, not a link to a blob? */
  async holdsCopy(etag: string, size: number, commit: string, name: string): Promise<boolean> {
    const path = join(this.snapshot(commit), name);
    const found = await lstat(path).catch(() => null);
    return found?.isFile() === true && found.size === size && matchesEtag(path, size, etag);
  }

  /** Names the snapshot as the newest; done last, so that what is named is whole. */
  async setMain(commit: string): Promise<void> {
    await writeWhole(join(this.folder, 'refs', 'main'), commit);
  }

  /** Remembers that every file of the snapshot that is needed was fetched. Without it the hub is asked again. */
  async markComplete(commit: string): Promise<void> {
    await writeWhole(this.completeMark(commit), '').catch(() => undefined);
  }

  private completeMark(commit: string): string {
    return join(this.folder, '.verified', `${commit}.complete`);
  }
}

export async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = privateName(path);
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

function privateName(path: string): string {
  return `${path}.${randomBytes(4).toString('hex')}`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
