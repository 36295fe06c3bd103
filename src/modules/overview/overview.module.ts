import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StorageModule } from '../../storage/storage.module.js';
import { AdapterEntity, AdapterRepository } from '../adapters/index.js';
import { UsageModule } from '../usage/index.js';
import { EventsController } from './events.controller.js';
import { EventsStream } from './events.stream.js';
import { OverviewController } from './overview.controller.js';
import { OverviewService } from './overview.service.js';
import { SettledOperations } from './settled-operations.js';
import { TokenRatesService } from './token-rates.service.js';

/** What the service does now, read once or followed. */
@Module({
  imports: [TypeOrmModule.forFeature([AdapterEntity]), StorageModule, UsageModule],
  controllers: [OverviewController, EventsController],
  providers: [AdapterRepository, EventsStream, OverviewService, SettledOperations, TokenRatesService],
})
export class OverviewModule {}
