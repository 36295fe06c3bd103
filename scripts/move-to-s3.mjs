/**
 * npm run move-to-s3: copies the checkpoints and files of DATA_DIR to the bucket of CHECKPOINT_STORE. Stop the service before,
 * and start it with CHECKPOINT_STORE afterwards. It can be repeated after an interruption, and deletes nothing.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { bootstrap, projectRoot } from './lib/bootstrap.mjs';

async function main() {
  const envFile = path.join(projectRoot, '.env');
  if (existsSync(envFile)) process.loadEnvFile(envFile); // as the service does; the real environment goes before
  await bootstrap({ log: (line) => console.error(`  ${line}`) });
  const { AppConfig } = await import('../dist/src/config/app-config.js');
  const { copyStores } = await import('../dist/src/storage/copy-stores.js');
  const { startCheckpointStore, startFileStore } = await import('../dist/src/storage/open-store.js');
  // The database is not needed.
  const config = AppConfig.fromEnv({ DATABASE_URL: 'postgres://localhost/unused', ...process.env });
  if (config.store.kind !== 's3') throw new Error('Set CHECKPOINT_STORE=s3://... to the bucket that is to be filled.');
  const to = { checkpoints: await startCheckpointStore(config), files: await startFileStore(config) };
  const { checkpoints, files, skipped } = await copyStores(config.dataDir, to);
  console.log(
    `Copied ${checkpoints} checkpoints and state snapshots, and ${files} files; ${skipped} were there already.`,
  );
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
