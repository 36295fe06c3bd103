import { Module } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { CheckpointStore } from './checkpoint-store.js';
import { localStore, localStoreSettings } from './local-store.js';
import { StorageCheck } from './storage-check.js';

/** Gives the checkpoint store: a folder below DATA_DIR. */
@Module({
  providers: [
    StorageCheck,
    {
      provide: CheckpointStore,
      inject: [AppConfig],
      useFactory: async (config: AppConfig): Promise<CheckpointStore> => {
        const store = localStore(localStoreSettings(config));
        await store.start();
        return store;
      },
    },
  ],
  exports: [CheckpointStore, StorageCheck],
})
export class StorageModule {}
