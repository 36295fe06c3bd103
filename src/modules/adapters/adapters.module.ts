import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { AdapterQuota } from './adapter-quota.js';
import { AdaptersController } from './adapters.controller.js';
import { AdaptersService } from './adapters.service.js';
import { AllAdaptersController } from './all-adapters.controller.js';
import { AdapterSnapshotEntity } from './entities/adapter-snapshot.entity.js';
import { AdapterEntity } from './entities/adapter.entity.js';
import { IdleAdapters } from './idle-adapters.js';
import { AdapterRepository } from './repositories/adapter.repository.js';
import { SnapshotRepository } from './repositories/snapshot.repository.js';

/** Adapters by name, for the HTTP side. */
@Module({
  imports: [TypeOrmModule.forFeature([AdapterEntity, AdapterSnapshotEntity]), BaseModelsModule],
  controllers: [AdaptersController, AllAdaptersController],
  providers: [AdapterRepository, SnapshotRepository, AdapterQuota, AdaptersService, IdleAdapters],
  exports: [AdaptersService, SnapshotRepository],
})
export class AdaptersModule {}
