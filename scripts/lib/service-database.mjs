/** The database that a task works on: DATABASE_URL (also from .env), or the private Postgres of the quickstart in DATA_DIR. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './bootstrap.mjs';
import { runningPostgres, startPostgres } from './embedded-postgres.mjs';

/** How long to wait for a server that is starting. */
const STARTING_MS = 15_000;

/** Reads .env as the service does; the real environment goes before. */
export function loadEnvFile() {
  const file = path.join(projectRoot, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}

/** The absolute path of DATA_DIR. */
export const dataFolder = () => path.resolve(projectRoot, process.env.DATA_DIR || '.data');

/**
 * A private Postgres that runs is used without disturbing it; otherwise it is started, and stopped again by close().
 * @param {(line: string) => void} log
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function openServiceDatabase(log) {
  if (process.env.DATABASE_URL) return { url: process.env.DATABASE_URL, close: async () => {} };
  const dataDir = path.join(dataFolder(), 'postgres');
  const running = await runningPostgres({ dataDir, waitMs: STARTING_MS });
  if (running !== undefined) return { url: running, close: async () => {} };
  const postgres = await startPostgres({ dataDir, log });
  return { url: postgres.url, close: () => postgres.stop() };
}
