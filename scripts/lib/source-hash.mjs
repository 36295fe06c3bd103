import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A hash over all files of these files and folders below `root`, tests excluded. */
export function hashOf(root, inputs) {
  const hash = createHash('sha256');
  for (const input of inputs) {
    const files = listFiles(root, input).filter((name) => !name.endsWith('.spec.ts'));
    for (const file of files.sort()) {
      hash.update(`${file}\0`);
      hash.update(readFileSync(path.join(root, file)));
      hash.update('\0');
    }
  }
  return hash.digest('hex');
}

function listFiles(root, input) {
  const full = path.join(root, input);
  if (!existsSync(full)) return [];
  if (path.extname(input) !== '') return [input];
  return readdirSync(full, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}
