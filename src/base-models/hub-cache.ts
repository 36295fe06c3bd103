import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, copyFile, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { safetensorsFiles } from './checkpoint-files.js';

/**
 * The cache folder that all Hugging Face tools share: `<home>/hub/models--owner--name` with `blobs/<etag>`,
 * `snapshots/<commit>/<file>` as links to them, and `refs/main` naming the commit. A model fetched by another tool is
 * found here, and the other way round.
 */
export class HubCache {
  readonly folder: string;

  /** `home`: HF_HOME; empty = ~/.cache/huggingface. */
  constructor(home: string, repo: string) {
    const base = home === '' ? join(homedir(), '.cache', 'huggingface') : home;
    this.folder = join(base, 'hub', ['models', ...repo.split('/')].join('--'));
  }

  snapshot(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  blob(etag: string): string {
    return join(this.folder, 'blobs', etag);
  }

  /** The folder of the newest whole snapshot, or null when something that is needed was never fetched. */
  async findSnapshot(options: { weights: boolean }): Promise<string | null> {
    try {
      const commit = (await readFile(join(this.folder, 'refs', 'main'), 'utf8')).trim();
      const folder = this.snapshot(commit);
      const names = ['config.json', 'tokenizer.json'];
      if (options.weights) names.push(...(await safetensorsFiles(folder, folder)));
      await Promise.all(names.map((name) => access(join(folder, name))));
      return folder;
    } catch {
      return null;
    }
  }

  /** Makes a fetched blob visible as a file of the snapshot. */
  async link(etag: string, commit: string, name: string): Promise<void> {
    const path = join(this.snapshot(commit), name);
    await mkdir(dirname(path), { recursive: true });
    if (await exists(path)) return;
    const temporary = `${path}.${randomUUID()}`;
    // File systems without links get a copy.
    await symlink(relative(dirname(path), this.blob(etag)), temporary).catch(() =>
      copyFile(this.blob(etag), temporary),
    );
    await rename(temporary, path);
  }

  /** Names the snapshot as the newest; done last, so that what is named is whole. */
  async setMain(commit: string): Promise<void> {
    const path = join(this.folder, 'refs', 'main');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.${process.pid}`, commit);
    await rename(`${path}.${process.pid}`, path);
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Do the bytes belong to the etag? Large files are named by their SHA-256, others by git's hash of the blob. */
export async function matchesEtag(path: string, size: number, etag: string): Promise<boolean> {
  const hash = etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex') === etag;
}
