/**
 * npm run keys -- ...: runs dist/src/keys-cli.js on DATABASE_URL (also from .env) or on the private Postgres of the
 * quickstart in DATA_DIR. If that Postgres is running, it is used without disturbing it; otherwise it is started for the
 * command and stopped again. Only the output of the command goes to stdout.
 */
import path from 'node:path';
import { bootstrap, projectRoot } from './lib/bootstrap.mjs';
import { spawnOwned } from './lib/owned-process.mjs';
import { loadEnvFile, openServiceDatabase } from './lib/service-database.mjs';

const note = (line) => console.error(`  ${line}`);

async function main() {
  loadEnvFile();
  await bootstrap({ log: note });
  const help = [undefined, '--help', 'help'].includes(process.argv[2]);
  const { url, close } = help
    ? { url: process.env.DATABASE_URL ?? '', close: async () => {} }
    : await openServiceDatabase(note);
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
