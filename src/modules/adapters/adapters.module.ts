import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { LossesModule } from '../losses/index.js';
import { AdaptersController } from './adapters.controller.js';
import { AdaptersService } from './adapters.service.js';
import { CapabilitiesController } from './capabilities.controller.js';
import { CapabilitiesService } from './capabilities.service.js';
import { AdapterEntity } from './entities/adapter.entity.js';
import { AdapterRepository } from './repositories/adapter.repository.js';

/** Adapters by name, for the HTTP side. */
@Module({
  imports: [TypeOrmModule.forFeature([AdapterEntity]), BaseModelsModule, LossesModule],
  controllers: [AdaptersController, CapabilitiesController],
  providers: [AdapterRepository, AdaptersService, CapabilitiesService],
  exports: [AdaptersService, CapabilitiesService],
})
export class AdaptersModule {}
