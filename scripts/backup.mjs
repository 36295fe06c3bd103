/**
 * npm run backup -- <folder>: writes the database and the files that its rows name to a new folder, while the service runs.
 *
 * The two belong to one moment. A transaction fixes what the database says, the files are linked right after it, and then
 * pg_dump reads at leisure what that transaction sees. In this order, because the service writes files before the rows that
 * name them and deletes them after: what a row names is there when its transaction begins. Only what is deleted between the
 * transaction and the links could be missing, which is checked, and then both are done again.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { DATA_FILE, DATABASE_FILE, MANIFEST_FILE, STORES } from './lib/backup/format.mjs';
import { openSnapshot } from './lib/backup/database-snapshot.mjs';
import { linkStores, missingIn, removeLinks } from './lib/backup/linked-stores.mjs';
import { connectionOf, needPgProgram, run } from './lib/backup/programs.mjs';
import { projectRoot } from './lib/bootstrap.mjs';
import { dataFolder, loadEnvFile, openServiceDatabase } from './lib/service-database.mjs';

const HELP = `npm run backup -- <folder> [--pg-bin <folder>]

  <folder>           where the backup is written; it must not exist
  --pg-bin <folder>  where pg_dump is, if not on the PATH

Environment: DATABASE_URL (or the private Postgres of the quickstart) and DATA_DIR, as for the service.`;
const ATTEMPTS = 5;
const say = (line) => console.log(line);

/** The database at one moment, and the files at the same. What is missing in the last attempt has been lost before. */
async function freeze(url, dataDir, links) {
  if (process.env.CHECKPOINT_STORE) return { snapshot: await openSnapshot(url), files: 0, missing: [] };
  for (let attempt = 1; ; attempt++) {
    const snapshot = await openSnapshot(url);
    try {
      const { files } = await linkStores(dataDir, links);
      const missing = await missingIn(links, snapshot.paths);
      if (missing.length === 0 || attempt === ATTEMPTS) return { snapshot, files, missing };
    } catch (error) {
      await snapshot.close();
      throw error;
    }
    await snapshot.close();
    await removeLinks(links);
  }
}

async function writeBackup(target, { url, dataDir, links, pgBin }) {
  const began = new Date();
  const { snapshot, files, missing } = await freeze(url, dataDir, links);
  const database = path.join(target, DATABASE_FILE);
  try {
    const pgDump = needPgProgram('pg_dump', { folder: pgBin, serverMajor: snapshot.serverMajor });
    const { address, env } = connectionOf(url);
    const options = ['--format=custom', '--no-owner', '--no-privileges', `--snapshot=${snapshot.id}`];
    await mkdir(target, { recursive: true });
    await run(pgDump, [...options, '--file', database, '--dbname', address], { env });
  } finally {
    await snapshot.close();
  }
  const store = process.env.CHECKPOINT_STORE || null;
  const data = path.join(target, DATA_FILE);
  if (store === null) await run('tar', ['-C', links, '-cf', data, ...STORES]);
  const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8'));
  const bytes = {
    database_bytes: statSync(database).size,
    data_bytes: store === null ? statSync(data).size : 0,
  };
  const manifest = {
    version,
    created_at: began.toISOString(),
    postgres: snapshot.serverMajor,
    store,
    files,
    ...bytes,
    missing,
  };
  writeFileSync(path.join(target, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

function report(target, { store, files, missing, database_bytes, data_bytes }) {
  const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  say(`${target}: database ${megabytes(database_bytes)}, ${files} files ${megabytes(data_bytes)}`);
  if (store !== null) say(`Checkpoints and files stay in ${store}; see docs/durability.md for its versions.`);
  if (missing.length === 0) return;
  say(
    `Warning: rows name ${missing.length} folders that the service has lost before this backup; see "missing" there:`,
  );
  for (const one of missing.slice(0, 10)) say(`  ${one}`);
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean' }, 'pg-bin': { type: 'string' } },
    allowPositionals: true,
  });
  if (values.help) return say(HELP);
  if (positionals.length !== 1) throw new Error(HELP);
  loadEnvFile();
  const target = path.resolve(positionals[0]);
  if (existsSync(target)) throw new Error(`${target} exists. Name a folder that does not, such as one with the date.`);
  const dataDir = dataFolder();
  const links = path.join(dataDir, `backup-${process.pid}`);
  const { url, close } = await openServiceDatabase(say);
  try {
    report(target, await writeBackup(target, { url, dataDir, links, pgBin: values['pg-bin'] }));
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    throw error;
  } finally {
    await removeLinks(links);
    await close();
  }
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
