import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { FileLibraryModule } from '../files/index.js';
import { CaptureMaintenance } from './capture-maintenance.js';
import { CaptureSettingsService } from './capture-settings.service.js';
import { CapturesController } from './captures.controller.js';
import { CapturesService } from './captures.service.js';
import { CaptureFeedbackEntity } from './entities/capture-feedback.entity.js';
import { CaptureSettingsEntity } from './entities/capture-settings.entity.js';
import { CaptureEntity } from './entities/capture.entity.js';
import { FeedbackController } from './feedback/feedback.controller.js';
import { FeedbackService } from './feedback/feedback.service.js';
import { CaptureSettingsRepository } from './repositories/capture-settings.repository.js';
import { CaptureRepository } from './repositories/capture.repository.js';
import { FeedbackRepository } from './repositories/feedback.repository.js';

/** Sampling requests that are kept, what people think of the answers, and the training data that this gives. */
@Module({
  imports: [TypeOrmModule.forFeature([CaptureEntity, CaptureFeedbackEntity, CaptureSettingsEntity]), FileLibraryModule],
  controllers: [CapturesController, FeedbackController],
  providers: [
    CapturesService,
    CaptureSettingsService,
    CaptureMaintenance,
    FeedbackService,
    CaptureRepository,
    CaptureSettingsRepository,
    FeedbackRepository,
  ],
  exports: [CapturesService],
})
export class CapturesModule {}
