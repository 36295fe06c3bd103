/** An empty private Postgres for one script, and the TypeORM command line of the built service against it. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './bootstrap.mjs';
import { startPostgres } from './embedded-postgres.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

/** Gives `work` the address of an empty database and removes it afterwards, whatever happens. */
export async function withScratchDatabase(work) {
  const folder = temporaryFolder('thinker-database-');
  let postgres;
  try {
    postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), durable: false, log: console.log });
    return await work(postgres.url);
  } finally {
    await postgres?.stop();
    if (postgres) rmSync(postgres.dataDir, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `typeorm <args>` on the service's data source. Returns `{ ok, output }`. */
export function typeorm(databaseUrl, args) {
  const cli = path.join(projectRoot, 'node_modules', 'typeorm', 'cli.js');
  const dataSource = path.join(projectRoot, 'dist', 'src', 'data-source.js');
  const result = spawnSync(process.execPath, [cli, args[0], ...args.slice(1), '-d', dataSource], {
    cwd: projectRoot,
    env: { ...process.env, DATABASE_URL: databaseUrl },
    encoding: 'utf8',
  });
  return { ok: result.status === 0, output: `${result.stdout}${result.stderr}`.trim() };
}
