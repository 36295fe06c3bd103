import { Module } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { CheckpointStore } from './checkpoint-store.js';
import { FileStore } from './file-store.js';
import { localFileStore, localFileStoreSettings, localStore, localStoreSettings } from './local/local-store.js';
import { StorageCheck } from './storage-check.js';

/** Gives the stores of checkpoints and files: folders below DATA_DIR. */
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
    {
      provide: FileStore,
      inject: [AppConfig],
      useFactory: async (config: AppConfig): Promise<FileStore> => {
        const store = localFileStore(localFileStoreSettings(config));
        await store.start();
        return store;
      },
    },
  ],
  exports: [CheckpointStore, FileStore, StorageCheck],
})
export class StorageModule {}
