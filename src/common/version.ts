import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Version in package.json, wherever the compiled file lies below it. */
export const VERSION: string = findVersion(dirname(fileURLToPath(import.meta.url)));

function findVersion(folder: string): string {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return version;
  } catch (error) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('there is no package.json above the program', { cause: error });
    return findVersion(parent);
  }
}
