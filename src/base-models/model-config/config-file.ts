import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnsupportedCheckpointError } from '../../formats/format.errors.js';

/** The config.json of a base model's folder. @throws UnsupportedCheckpointError */
export async function readConfigFile(folder: string, what: string): Promise<unknown> {
  const path = join(folder, 'config.json');
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UnsupportedCheckpointError(
      `${what} cannot be loaded: ${path} is missing or not JSON.`,
      {},
      { cause: error },
    );
  }
}
