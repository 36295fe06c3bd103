/**
 * npm run restore -- <folder>: puts a backup of `npm run backup` into an empty database and an empty DATA_DIR.
 *
 * Files first, then the database in one transaction: whenever rows are there, what they name is there as well. The service
 * must not run meanwhile, since it would delete files that no row names yet.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { DATA_FILE, DATABASE_FILE, MANIFEST_FILE, STORES } from './lib/backup/format.mjs';
import { connectionOf, needPgProgram, run } from './lib/backup/programs.mjs';
import { projectRoot } from './lib/bootstrap.mjs';
import { dataFolder, loadEnvFile, openServiceDatabase } from './lib/service-database.mjs';

const HELP = `npm run restore -- <folder> [--pg-bin <folder>]

  <folder>           a folder that npm run backup has written
  --pg-bin <folder>  where pg_restore is, if not on the PATH

Environment: DATABASE_URL (or the private Postgres of the quickstart) and DATA_DIR, as for the service. Both must be empty.`;
const say = (line) => console.log(line);

function readManifest(source) {
  const file = path.join(source, MANIFEST_FILE);
  if (!existsSync(file)) throw new Error(`${source} is no whole backup: it has no ${MANIFEST_FILE}.`);
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8'));
  if (isNewer(manifest.version, version)) {
    throw new Error(
      `The backup is of version ${manifest.version}, and this is ${version}: restore with ${manifest.version}.`,
    );
  }
  if (manifest.store !== (process.env.CHECKPOINT_STORE || null)) {
    throw new Error(`The backup's files are in ${manifest.store ?? DATA_FILE}: set CHECKPOINT_STORE accordingly.`);
  }
  return manifest;
}

/** Of two versions like 1.10.2. */
function isNewer(one, other) {
  const [left, right] = [one, other].map((version) => version.split(/[.-]/).slice(0, 3).map(Number));
  const i = left.findIndex((part, index) => part !== right[index]);
  return i !== -1 && left[i] > right[i];
}

/** @returns {Promise<number>} major version of the server */
async function checkEmptyDatabase(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT current_setting('server_version_num')::int / 10000 AS major,
         (SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public') AS tables,
         (SELECT count(*)::int FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend') AS others`,
    );
    const [{ major, tables, others }] = rows;
    if (others > 0) throw new Error(`${others} other sessions use the database: stop the service before restoring.`);
    if (tables > 0)
      throw new Error('The database has tables: restore into an empty one (createdb), and keep this one.');
    return major;
  } finally {
    await client.end();
  }
}

function checkEmptyFolder(dataDir) {
  for (const store of STORES) {
    const folder = path.join(dataDir, store);
    const names = existsSync(folder) ? readdirSync(folder) : [];
    if (names.some((name) => name !== '.tmp')) throw new Error(`${folder} is not empty: move it away first.`);
  }
}

async function restore(source, { url, dataDir, store, pgBin }) {
  const serverMajor = await checkEmptyDatabase(url);
  checkEmptyFolder(dataDir);
  const pgRestore = needPgProgram('pg_restore', { folder: pgBin, serverMajor });
  const { address, env } = connectionOf(url);
  await mkdir(dataDir, { recursive: true });
  try {
    if (store === null) await run('tar', ['-C', dataDir, '-xf', path.join(source, DATA_FILE)]);
    const options = ['--exit-on-error', '--single-transaction', '--no-owner', '--no-privileges', '--dbname', address];
    await run(pgRestore, [...options, path.join(source, DATABASE_FILE)], { env });
  } catch (error) {
    for (const store of STORES) await rm(path.join(dataDir, store), { recursive: true, force: true });
    throw error;
  }
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean' }, 'pg-bin': { type: 'string' } },
    allowPositionals: true,
  });
  if (values.help) return say(HELP);
  if (positionals.length !== 1) throw new Error(HELP);
  loadEnvFile();
  const source = path.resolve(positionals[0]);
  const { version, created_at, store } = readManifest(source);
  const { url, close } = await openServiceDatabase(say);
  try {
    await restore(source, { url, dataDir: dataFolder(), store, pgBin: values['pg-bin'] });
  } finally {
    await close();
  }
  say(
    `Restored the backup of ${created_at}, written by version ${version}. Start the service; it migrates the database.`,
  );
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
