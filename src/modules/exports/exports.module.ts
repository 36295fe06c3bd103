import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { AdaptersModule } from '../adapters/index.js';
import { CheckpointsModule } from '../checkpoints/index.js';
import { ExportsController } from './exports.controller.js';
import { ExportsService } from './exports.service.js';
import { PushesController } from './push/pushes.controller.js';
import { PushesService } from './push/pushes.service.js';

/** Adapters out of the door: as files of other programs. */
@Module({
  imports: [StorageModule, AdaptersModule, CheckpointsModule],
  controllers: [ExportsController, PushesController],
  providers: [ExportsService, PushesService],
})
export class ExportsModule {}
