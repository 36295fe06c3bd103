import { Module } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { CheckpointStore } from './checkpoint-store.js';
import { FileStore } from './file-store.js';
import { startCheckpointStore, startFileStore } from './open-store.js';
import { StorageCheck } from './storage-check.js';

/** Gives the stores of checkpoints and files: folders below DATA_DIR, or the bucket of CHECKPOINT_STORE. */
@Module({
  providers: [
    StorageCheck,
    { provide: CheckpointStore, inject: [AppConfig], useFactory: startCheckpointStore },
    { provide: FileStore, inject: [AppConfig], useFactory: startFileStore },
  ],
  exports: [CheckpointStore, FileStore, StorageCheck],
})
export class StorageModule {}
