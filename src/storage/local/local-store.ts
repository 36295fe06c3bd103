import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { failWhileFull } from '../../common/fault-points.js';
import { type AppConfig } from '../../config/app-config.js';
import { LocalCheckpointStore } from './local-checkpoint-store.js';
import { LocalFileStore } from './local-file-store.js';
import { type LocalStoreSettings } from './local-store-settings.js';

export function localStoreSettings({ dataDir, faultDiskFull }: AppConfig): LocalStoreSettings {
  return { folder: join(dataDir, 'checkpoints'), fullFlag: faultDiskFull };
}

export function localFileStoreSettings({ dataDir, faultDiskFull }: AppConfig): LocalStoreSettings {
  return { folder: join(dataDir, 'files'), fullFlag: faultDiskFull };
}

/** Several stores of one folder, in as many threads or processes, do not disturb each other. */
export function localStore({ folder, fullFlag }: LocalStoreSettings): LocalCheckpointStore {
  return fullFlag === '' ? new LocalCheckpointStore(folder) : new LocalCheckpointStore(folder, failing(fullFlag));
}

/** The same for files. */
export function localFileStore({ folder, fullFlag }: LocalStoreSettings): LocalFileStore {
  return fullFlag === '' ? new LocalFileStore(folder) : new LocalFileStore(folder, { ...failing(fullFlag), fullFlag });
}

function failing(fullFlag: string): { openForWrite: (path: string) => Promise<FileHandle> } {
  return {
    openForWrite: async (path) => {
      failWhileFull(fullFlag);
      return open(path, 'wx');
    },
  };
}
