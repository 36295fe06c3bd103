import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { failWhileFull } from '../common/fault-points.js';
import { type AppConfig } from '../config/app-config.js';
import { LocalCheckpointStore } from './local-checkpoint-store.js';

/** What makes a store of the checkpoints of this installation; it can be cloned between threads. */
export interface LocalStoreSettings {
  readonly folder: string;
  /** See AppConfig.faultDiskFull. */
  readonly fullFlag: string;
}

export function localStoreSettings({ dataDir, faultDiskFull }: AppConfig): LocalStoreSettings {
  return { folder: join(dataDir, 'checkpoints'), fullFlag: faultDiskFull };
}

/** Several stores of one folder, in as many threads or processes, do not disturb each other. */
export function localStore({ folder, fullFlag }: LocalStoreSettings): LocalCheckpointStore {
  if (fullFlag === '') return new LocalCheckpointStore(folder);
  return new LocalCheckpointStore(folder, {
    openForWrite: async (path) => {
      failWhileFull(fullFlag);
      return open(path, 'wx');
    },
  });
}
