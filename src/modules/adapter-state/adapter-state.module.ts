import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { StorageModule } from '../../storage/storage.module.js';
import { AbandonedStates } from './abandoned-states.js';
import { AdapterResidency } from './adapter-residency.js';
import { AdapterRestore } from './adapter-restore.js';
import { AdapterStateStore } from './adapter-state.store.js';
import { DeletedAdapters } from './deleted-adapters.js';
import { AdapterSnapshotEntity, AdapterEntity, AdapterRepository, SnapshotRepository } from '../adapters/index.js';
import { ChangeAdapterHandler } from './handlers/change-adapter.handler.js';
import { CreateAdapterHandler } from './handlers/create-adapter.handler.js';
import { UnloadAdapterHandler } from './handlers/unload-adapter.handler.js';
import { OperationReplay } from './operation-replay.js';
import { OrphanFolders } from './orphan-folders.js';
import { FolderRepository } from './repositories/folder.repository.js';

/** Adapters in the compute worker: which are in memory, what changes them, and their state on disk. */
@Module({
  imports: [TypeOrmModule.forFeature([AdapterEntity, AdapterSnapshotEntity]), BaseModelsModule, StorageModule],
  providers: [
    AdapterRepository,
    SnapshotRepository,
    FolderRepository,
    AdapterStateStore,
    AbandonedStates,
    OrphanFolders,
    DeletedAdapters,
    OperationReplay,
    AdapterRestore,
    AdapterResidency,
    ChangeAdapterHandler,
    CreateAdapterHandler,
    UnloadAdapterHandler,
  ],
  exports: [AdapterResidency, AdapterRestore, AdapterStateStore],
})
export class AdapterStateModule {}
