import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { LossesModule } from '../losses/index.js';
import { AdapterHistoryController } from './adapter-history.controller.js';
import { AdapterHistoryService } from './adapter-history.service.js';
import { AdaptersController } from './adapters.controller.js';
import { AllAdaptersController } from './all-adapters.controller.js';
import { AdaptersService } from './adapters.service.js';
import { CapabilitiesController } from './capabilities.controller.js';
import { CapabilitiesService } from './capabilities.service.js';
import { AdapterSnapshotEntity } from './entities/adapter-snapshot.entity.js';
import { AdapterEntity } from './entities/adapter.entity.js';
import { HistoryPlaces } from './history-places.js';
import { AdapterRepository } from './repositories/adapter.repository.js';
import { SnapshotRepository } from './repositories/snapshot.repository.js';

/** Adapters by name, for the HTTP side. */
@Module({
  imports: [TypeOrmModule.forFeature([AdapterEntity, AdapterSnapshotEntity]), BaseModelsModule, LossesModule],
  controllers: [AdaptersController, AllAdaptersController, AdapterHistoryController, CapabilitiesController],
  providers: [
    AdapterRepository,
    SnapshotRepository,
    AdaptersService,
    AdapterHistoryService,
    HistoryPlaces,
    CapabilitiesService,
  ],
  exports: [AdaptersService, CapabilitiesService],
})
export class AdaptersModule {}
