import { Module } from '@nestjs/common';
import { MulterModule } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AppConfig } from '../../config/app-config.js';
import { StorageModule } from '../../storage/storage.module.js';
import { AdaptersModule } from '../adapters/index.js';
import { AdapterFilesController } from './files/adapter-files.controller.js';
import { AdapterFilesService } from './files/adapter-files.service.js';
import { CheckpointCopies } from './checkpoint-copies.js';
import { CheckpointLibrary } from './checkpoint-library.js';
import { CheckpointsController } from './checkpoints.controller.js';
import { CheckpointsService } from './checkpoints.service.js';
import { CheckpointEventEntity } from './entities/checkpoint-event.entity.js';
import { CheckpointEntity } from './entities/checkpoint.entity.js';
import { CheckpointEventRepository } from './repositories/checkpoint-event.repository.js';
import { CheckpointRepository } from './repositories/checkpoint.repository.js';

/** Checkpoints, export and import, for the HTTP side. */
@Module({
  imports: [
    TypeOrmModule.forFeature([CheckpointEntity, CheckpointEventEntity]),
    StorageModule,
    AdaptersModule,
    MulterModule.registerAsync({
      inject: [AppConfig],
      useFactory: ({ bodyLimitMb }: AppConfig) => ({
        limits: { fileSize: bodyLimitMb * 2 ** 20, files: 1, fields: 8 },
      }),
    }),
  ],
  controllers: [CheckpointsController, AdapterFilesController],
  providers: [
    CheckpointRepository,
    CheckpointEventRepository,
    CheckpointsService,
    CheckpointLibrary,
    CheckpointCopies,
    AdapterFilesService,
  ],
  exports: [CheckpointsService, CheckpointLibrary, CheckpointCopies],
})
export class CheckpointsModule {}
