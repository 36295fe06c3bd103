import { Module } from '@nestjs/common';
import { AdaptersModule } from '../adapters/index.js';
import { AdapterHistoryController } from './adapter-history.controller.js';
import { AdapterHistoryService } from './adapter-history.service.js';
import { HistoryPoints } from './history-points.js';
import { TrainingSeriesController } from './training-series.controller.js';
import { TrainingSeriesService } from './training-series.service.js';

/** What has happened to an adapter, and ways back: rewind and fork. */
@Module({
  imports: [AdaptersModule],
  controllers: [AdapterHistoryController, TrainingSeriesController],
  providers: [AdapterHistoryService, HistoryPoints, TrainingSeriesService],
})
export class HistoryModule {}
