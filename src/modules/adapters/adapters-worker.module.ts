import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { StorageModule } from '../../storage/storage.module.js';
import { AdapterResidency } from './adapter-residency.js';
import { AdapterStateStore } from './adapter-state.store.js';
import { AdapterEntity } from './entities/adapter.entity.js';
import { CreateAdapterHandler } from './handlers/create-adapter.handler.js';
import { UnloadAdapterHandler } from './handlers/unload-adapter.handler.js';
import { AdapterRepository } from './repositories/adapter.repository.js';

/** Adapters in the compute worker: which are in memory, and their state on disk. */
@Module({
  imports: [TypeOrmModule.forFeature([AdapterEntity]), BaseModelsModule, StorageModule],
  providers: [AdapterRepository, AdapterStateStore, AdapterResidency, CreateAdapterHandler, UnloadAdapterHandler],
  exports: [AdapterResidency, AdapterStateStore],
})
export class AdaptersWorkerModule {}
