import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { WorkerEntity } from './entities/worker.entity.js';
import { WorkerRepository } from './worker.repository.js';
import { WorkersService } from './workers.service.js';

/** Which workers there are. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([WorkerEntity])],
  providers: [WorkerRepository, WorkersService],
  exports: [WorkerRepository, WorkersService],
})
export class WorkersModule {}
