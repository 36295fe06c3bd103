import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { AdaptersModule } from '../adapters/index.js';
import { CheckpointsModule } from '../checkpoints/index.js';
import { FileLibraryModule } from '../files/index.js';
import { TrainingModule } from '../training/index.js';
import { JobDrivers } from './driver/job-drivers.js';
import { JobRuns } from './driver/job-runs.js';
import { UnitRequests } from './driver/unit-requests.js';
import { JobCheckpointEntity } from './entities/job-checkpoint.entity.js';
import { JobEventEntity } from './entities/job-event.entity.js';
import { JobEntity } from './entities/job.entity.js';
import { JobMetricsController } from './metrics/job-metrics.controller.js';
import { JobMetricsStream } from './metrics/job-metrics.stream.js';
import { JobUpdates } from './job-updates.js';
import { JobsController } from './jobs.controller.js';
import { JobsService } from './jobs.service.js';
import { JobDriveRepository } from './repositories/job-drive.repository.js';
import { JobRepository } from './repositories/job.repository.js';

/** Fine-tuning jobs: their routes, and what drives them. Both live in API processes, which know files and tokenizers. */
@Module({
  imports: [
    TypeOrmModule.forFeature([JobEntity, JobEventEntity, JobCheckpointEntity]),
    AdaptersModule,
    BaseModelsModule,
    CheckpointsModule,
    FileLibraryModule,
    TrainingModule,
  ],
  controllers: [JobsController, JobMetricsController],
  providers: [
    JobRepository,
    JobDriveRepository,
    JobsService,
    JobUpdates,
    JobMetricsStream,
    UnitRequests,
    JobRuns,
    JobDrivers,
  ],
})
export class FineTuningModule {}
