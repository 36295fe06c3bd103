import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { failWhileFull } from '../common/fault-points.js';
import { AppConfig } from '../config/app-config.js';
import { CheckpointStore } from './checkpoint-store.js';
import { LocalCheckpointStore, type LocalCheckpointStoreOptions } from './local-checkpoint-store.js';
import { StorageCheck } from './storage-check.js';

/** Gives the checkpoint store: a folder below DATA_DIR. */
@Module({
  providers: [
    StorageCheck,
    {
      provide: CheckpointStore,
      inject: [AppConfig],
      useFactory: async (config: AppConfig): Promise<CheckpointStore> => {
        const store = new LocalCheckpointStore(join(config.dataDir, 'checkpoints'), options(config.faultDiskFull));
        await store.start();
        return store;
      },
    },
  ],
  exports: [CheckpointStore, StorageCheck],
})
export class StorageModule {}

function options(fullFlag: string): LocalCheckpointStoreOptions {
  if (fullFlag === '') return {};
  return {
    openForWrite: async (path) => {
      failWhileFull(fullFlag);
      return open(path, 'wx');
    },
  };
}
