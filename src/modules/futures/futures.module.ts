import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type AppConfig } from '../../config/app-config.js';
import { AllOperationsController } from './administration/all-operations.controller.js';
import { QueueController } from './administration/queue.controller.js';
import { AcceptedRequests } from './accepted-requests.js';
import { FutureEntity } from './entities/future.entity.js';
import { FuturesPresenter } from './futures.presenter.js';
import { FuturesController } from './futures.controller.js';
import { FuturesService } from './futures.service.js';
import { OperationLog } from './log/operation-log.js';
import { QueueLoad } from './queue-load.js';
import { FutureRepository } from './repositories/future.repository.js';
import { OperationCatalog } from '../../operations/operations.js';
import { OperationLogRepository } from './log/operation-log.repository.js';
import { ResultPresenters } from './result-presenters.js';
import { WaiterHub } from './waiter-hub.js';

/** The operation log: accepting requests, waiting for their results, and the rows both sides share. */
@Module({})
export class FuturesModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: FuturesModule,
      global: true,
      imports: [DiscoveryModule, TypeOrmModule.forFeature([FutureEntity])],
      controllers: config.servesApi ? [FuturesController, AllOperationsController, QueueController] : [],
      providers: [
        FutureRepository,
        OperationLogRepository,
        OperationLog,
        { provide: OperationCatalog, useValue: new OperationCatalog() },
        WaiterHub,
        QueueLoad,
        AcceptedRequests,
        FuturesService,
        ResultPresenters,
        FuturesPresenter,
      ],
      exports: [
        FuturesService,
        AcceptedRequests,
        QueueLoad,
        OperationCatalog,
        OperationLog,
        OperationLogRepository,
        WaiterHub,
      ],
    };
  }
}
