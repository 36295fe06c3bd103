/**
 * npm run test:clients [-- <vitest arguments>...]: tests clients that other people wrote against the built service: the Python
 * packages of OpenAI and Anthropic, LangChain's and Vercel's providers for OpenAI. Installs them into test/clients and
 * .venv-clients, then runs the specs of the vitest project `clients` on an empty Postgres.
 *
 * Fails if a test fails. Clients that cannot be had, because npm or the Python package index is unreachable, are reported as
 * skipped; CLIENTS_REQUIRED=1 turns that into a failure.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { bootstrap, npmCommand, projectRoot } from './lib/bootstrap.mjs';
import { runCommand, SKIPPED } from './lib/python-tests.mjs';
import { withScratchDatabase } from './lib/scratch-database.mjs';

const FOLDER = path.join(projectRoot, 'test', 'clients');

/** Null, or why it failed. */
async function installPackages() {
  const { command, args } = npmCommand(['ci', '--prefix', FOLDER, '--ignore-scripts', '--no-audit', '--no-fund']);
  if ((await runCommand(command, args)) === 0) return null;
  return existsSync(path.join(FOLDER, 'node_modules', 'ai')) ? null : 'npm cannot install them';
}

/** Null, or why it failed. @throws Error where the index can be reached */
async function installPython() {
  const made = await runCommand(path.join(projectRoot, 'scripts', 'clients-env.sh'), []);
  if (made === 0) return null;
  const reason = SKIPPED.get(made);
  if (reason === undefined) throw new Error('The Python packages could not be installed.');
  return reason;
}

async function main() {
  await bootstrap();
  const missing = { 'LangChain, AI SDK': await installPackages(), 'Python packages': await installPython() };
  const vitest = path.join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
  const code = await withScratchDatabase((url) =>
    runCommand(process.execPath, [vitest, 'run', '--project', 'clients', ...process.argv.slice(2)], {
      TEST_DATABASE_URL: url,
    }),
  );
  const skipped = Object.entries(missing).filter(([, reason]) => reason !== null);
  console.log(`\n=== clients ===\n${code === 0 ? 'passed' : 'failed'}`);
  for (const [name, reason] of skipped) console.log(`${name} skipped: ${reason}`);
  if (code !== 0 || (skipped.length > 0 && process.env.CLIENTS_REQUIRED === '1')) process.exitCode = 1;
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
