import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type AppConfig } from '../../config/app-config.js';
import { WorkersController } from './administration/workers.controller.js';
import { QueuePauseEntity } from './entities/queue-pause.entity.js';
import { WorkerEntity } from './entities/worker.entity.js';
import { QueuePauseRepository } from './queue-pause.repository.js';
import { WorkerRepository } from './worker.repository.js';
import { WorkersService } from './workers.service.js';

/** Which workers there are, and what operators order them to do. */
@Module({})
export class WorkersModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: WorkersModule,
      global: true,
      imports: [TypeOrmModule.forFeature([WorkerEntity, QueuePauseEntity])],
      controllers: config.servesApi ? [WorkersController] : [],
      providers: [WorkerRepository, QueuePauseRepository, WorkersService],
      exports: [WorkerRepository, WorkersService],
    };
  }
}
