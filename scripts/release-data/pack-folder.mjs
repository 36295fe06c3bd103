import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/** A tar with the files of a folder, the same for the same files. */
export function packFolder(folder) {
  const archive = pack();
  const names = readdirSync(folder, { recursive: true }).sort();
  for (const name of names) {
    const file = path.join(folder, name);
    const isFolder = statSync(file).isDirectory();
    const header = { name: name.split(path.sep).join('/'), mtime: new Date(0), type: isFolder ? 'directory' : 'file' };
    archive.entry(header, isFolder ? undefined : readFileSync(file));
  }
  archive.finalize();
  return buffer(archive);
}
