import { join } from 'node:path';
import { type AppConfig } from '../config/app-config.js';
import { type S3Config } from '../config/store/store-config.js';
import { type CheckpointStore } from './checkpoint-store.js';
import { type FileStore } from './file-store.js';
import { localFileStore, localFileStoreSettings, localStore, localStoreSettings } from './local/local-store.js';
import { type LocalStoreSettings } from './local/local-store-settings.js';

/** What makes the checkpoint store of this installation; it can be cloned between threads, and holds no credentials. */
export type CheckpointStoreSettings = ({ readonly kind: 'local' } & LocalStoreSettings) | S3Config;

/** Folders for tasks that work on files of a bucket, below DATA_DIR. */
const WORKSPACE = 'work';

export function checkpointStoreSettings(config: AppConfig): CheckpointStoreSettings {
  return config.store.kind === 's3' ? config.store : { kind: 'local', ...localStoreSettings(config) };
}

/** In a thread of a process that has started it: not checked again. */
export async function openCheckpointStore(settings: CheckpointStoreSettings): Promise<CheckpointStore> {
  return settings.kind === 's3' ? s3CheckpointStore(settings) : localStore(settings);
}

/** @throws StorageError that names the setting at fault */
export async function startCheckpointStore(config: AppConfig): Promise<CheckpointStore> {
  const settings = checkpointStoreSettings(config);
  const store = settings.kind === 's3' ? await s3CheckpointStore(settings) : localStore(settings);
  await store.start();
  return store;
}

/** @throws StorageError that names the setting at fault */
export async function startFileStore(config: AppConfig): Promise<FileStore> {
  const store =
    config.store.kind === 's3'
      ? await s3FileStore(config, config.store)
      : localFileStore(localFileStoreSettings(config));
  await store.start();
  return store;
}

// The client of S3 takes half a second to load: only where it is used.

async function s3CheckpointStore(config: S3Config) {
  const [{ S3Bucket }, { S3CheckpointStore }] = await Promise.all([
    import('./s3/s3-bucket.js'),
    import('./s3/s3-checkpoint-store.js'),
  ]);
  return new S3CheckpointStore(new S3Bucket(config));
}

async function s3FileStore({ dataDir }: AppConfig, config: S3Config) {
  const [{ S3Bucket }, { S3FileStore }, { LocalWorkspace }] = await Promise.all([
    import('./s3/s3-bucket.js'),
    import('./s3/s3-file-store.js'),
    import('./local/local-workspace.js'),
  ]);
  return new S3FileStore(new S3Bucket(config), new LocalWorkspace(join(dataDir, WORKSPACE)));
}
