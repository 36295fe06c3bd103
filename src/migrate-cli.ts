import 'reflect-metadata';
import { AppError } from './common/errors/app-error.js';
import { loadConfig } from './config/load-config.js';
import { openDatabase } from './open-database.js';

/** `node dist/src/migrate-cli.js`: migrates the database of DATABASE_URL, as every process does when it starts, and ends. */
async function main(): Promise<void> {
  const dataSource = await openDatabase(loadConfig());
  await dataSource.destroy();
}

main().catch((error: unknown) => {
  console.error(error instanceof AppError ? error.message : error);
  process.exitCode = 1;
});
