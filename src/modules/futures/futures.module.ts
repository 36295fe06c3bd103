import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type AppConfig } from '../../config/app-config.js';
import { FutureEntity } from './entities/future.entity.js';
import { FuturesService } from './futures.service.js';
import { OperationLog } from './operation-log.js';
import { FutureRepository } from './repositories/future.repository.js';
import { OperationLogRepository } from './repositories/operation-log.repository.js';
import { WaiterHub } from './waiter-hub.js';

/** The operation log: accepting requests, waiting for their results, and the rows both sides share. */
@Module({})
export class FuturesModule {
  static forRoot(_config: AppConfig): DynamicModule {
    return {
      module: FuturesModule,
      global: true,
      imports: [TypeOrmModule.forFeature([FutureEntity])],
      providers: [FutureRepository, OperationLogRepository, OperationLog, WaiterHub, FuturesService],
      exports: [FuturesService, OperationLog, OperationLogRepository],
    };
  }
}
