import { Module } from '@nestjs/common';
import { AdaptersModule } from '../adapters/index.js';
import { LossesModule } from '../losses/index.js';
import { ForwardPresenter } from './forward.presenter.js';
import { TrainingOrderReader } from './readers/training-order.reader.js';
import { TrainingController } from './training.controller.js';
import { TrainingService } from './training.service.js';

/** Training requests, for the HTTP side. */
@Module({
  imports: [AdaptersModule, LossesModule],
  controllers: [TrainingController],
  providers: [TrainingService, TrainingOrderReader, ForwardPresenter],
  exports: [TrainingService],
})
export class TrainingModule {}
