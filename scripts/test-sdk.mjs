/**
 * npm run test:sdk [-- --backend=torch <version>... <pytest arguments>...]: tests the Tinker SDK from PyPI against the built
 * service, which computes with this backend. For each version, it creates a virtual environment (scripts/sdk-env.sh) and an
 * empty Postgres with two databases, and runs pytest on test/sdk, which starts the service itself (or uses the one at
 * TINKER_BASE_URL).
 *
 * Fails if a test fails. If PyPI is unreachable or no suitable Python is installed, the version is reported as skipped;
 * SDK_REQUIRED=1 turns that into a failure.
 */
import path from 'node:path';
import pg from 'pg';
import { bootstrap, ensureTorch, projectRoot } from './lib/bootstrap.mjs';
import { runCommand, SKIPPED } from './lib/python-tests.mjs';
import { withScratchDatabase } from './lib/scratch-database.mjs';

/** The newest version, the first that only uses protobuf, and the last that uses JSON. */
const VERSIONS = ['0.38.0', '0.25.0', '0.24.1'];

const args = process.argv.slice(2);
const isVersion = (arg) => /^\d+\.\d+\.\d+$/.test(arg);
const versions = args.some(isVersion) ? args.filter(isVersion) : VERSIONS;
const backend = args.find((arg) => arg.startsWith('--backend='))?.slice('--backend='.length) ?? 'local';
const passedOn = args.filter((arg) => !isVersion(arg) && !arg.startsWith('--backend='));

/** Creates another database on the same server and returns its URL. */
async function createDatabase(url, name) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

/** Returns 'passed', 'failed' or the reason for skipping. */
async function testVersion(version) {
  console.log(`\n=== tinker ${version} ===`);
  const made = await runCommand(path.join(projectRoot, 'scripts', 'sdk-env.sh'), [version]);
  if (made !== 0) return SKIPPED.has(made) ? `skipped: ${SKIPPED.get(made)}` : 'failed: no environment';
  return withScratchDatabase(async (url) => {
    const env = {
      TEST_DATABASE_URL: await createDatabase(url, 'open'),
      TEST_DATABASE_URL_KEYS: await createDatabase(url, 'keyed'),
      PYTHONDONTWRITEBYTECODE: '1',
      SDK_BACKEND: backend,
    };
    const python = path.join(projectRoot, `.venv-sdk-${version}`, 'bin', 'python');
    const pytest = ['-m', 'pytest', '-p', 'no:cacheprovider', '-q', '-rs', ...passedOn];
    const tests = passedOn.some((arg) => arg.includes('test_')) ? [] : [path.join('test', 'sdk')];
    return (await runCommand(python, [...pytest, ...tests], env)) === 0 ? 'passed' : 'failed';
  });
}

async function main() {
  if (!['local', 'torch'].includes(backend)) throw new Error(`--backend=${backend} is not local or torch.`);
  await bootstrap();
  await ensureTorch({ env: { BACKEND: backend } });
  const outcomes = new Map();
  for (const version of versions) outcomes.set(version, await testVersion(version));
  console.log('\n=== Tinker SDK ===');
  for (const [version, outcome] of outcomes) console.log(`tinker ${version.padEnd(8)} ${outcome}`);
  const bad = [...outcomes.values()].filter(
    (outcome) => outcome.startsWith('failed') || (process.env.SDK_REQUIRED === '1' && outcome.startsWith('skipped')),
  );
  if (bad.length > 0) process.exitCode = 1;
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
