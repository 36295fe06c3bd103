/**
 * npm run keys -- ...: runs dist/src/keys-cli.js on DATABASE_URL (also from .env) or on the private Postgres of the
 * quickstart in DATA_DIR. If that Postgres is running, it is used without disturbing it; otherwise it is started for the
 * command and stopped again. Only the output of the command goes to stdout.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { bootstrap, projectRoot } from './lib/bootstrap.mjs';
import { runningPostgres, startPostgres } from './lib/embedded-postgres.mjs';
import { spawnOwned } from './lib/owned-process.mjs';

const note = (line) => console.error(`  ${line}`);

/** How long to wait for a server that is starting. */
const STARTING_MS = 15_000;

async function openDatabase() {
  const help = [undefined, '--help', 'help'].includes(process.argv[2]);
  if (help || process.env.DATABASE_URL) return { url: process.env.DATABASE_URL ?? '', close: async () => {} };
  const dataDir = path.resolve(projectRoot, process.env.DATA_DIR || '.data', 'postgres');
  const running = await runningPostgres({ dataDir, waitMs: STARTING_MS });
  if (running !== undefined) return { url: running, close: async () => {} };
  const postgres = await startPostgres({ dataDir, log: note });
  return { url: postgres.url, close: () => postgres.stop() };
}

async function main() {
  const envFile = path.join(projectRoot, '.env');
  if (existsSync(envFile)) process.loadEnvFile(envFile); // as the service does; the real environment goes before
  await bootstrap({ log: note });
  const { url, close } = await openDatabase();
  try {
    const cli = path.join(projectRoot, 'dist', 'src', 'keys-cli.js');
    const env = { ...process.env, DATABASE_URL: url };
    const command = spawnOwned(process.execPath, [cli, ...process.argv.slice(2)], { env, stdio: 'inherit' });
    const keepAlive = setInterval(() => {}, 60_000); // the child does not keep the event loop alive
    const { code } = await command.exited;
    clearInterval(keepAlive);
    process.exitCode = code ?? 1;
  } finally {
    await close();
  }
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
