import { Module } from '@nestjs/common';
import { AdaptersModule } from '../adapters/index.js';
import { AdapterHistoryController } from './adapter-history.controller.js';
import { AdapterHistoryService } from './adapter-history.service.js';
import { HistoryPlaces } from './history-places.js';

/** What has happened to an adapter, and ways back: rewind and fork. */
@Module({
  imports: [AdaptersModule],
  controllers: [AdapterHistoryController],
  providers: [AdapterHistoryService, HistoryPlaces],
})
export class HistoryModule {}
