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
import { CancellationService } from './giving-up/cancellation.service.js';
import { Cancellations } from './giving-up/cancellations.js';
import { OverdueRequests } from './giving-up/overdue-requests.js';
import { FutureEventsStream } from './life/future-events.stream.js';
import { FutureLifeController } from './life/future-life.controller.js';
import { FutureWatch } from './life/future-watch.js';
import { OperationLog } from './log/operation-log.js';
import { QueueLoad } from './queue-load.js';
import { BacklogRepository } from './repositories/backlog.repository.js';
import { FutureRepository } from './repositories/future.repository.js';
import { OperationCatalog } from '../../operations/operations.js';
import { ClaimRepository } from './log/claim.repository.js';
import { OperationLogRepository } from './log/operation-log.repository.js';
import { ResultPresenters } from './result-presenters.js';
import { WaiterHub } from './waiter-hub.js';

const API = [FutureWatch, FutureEventsStream, CancellationService, OverdueRequests];
const WORKER = [Cancellations];

/** The operation log: accepting requests, waiting for their results, and the rows both sides share. */
@Module({})
export class FuturesModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: FuturesModule,
      global: true,
      imports: [DiscoveryModule, TypeOrmModule.forFeature([FutureEntity])],
      controllers: config.servesApi
        ? [FuturesController, FutureLifeController, AllOperationsController, QueueController]
        : [],
      providers: [
        FutureRepository,
        BacklogRepository,
        ClaimRepository,
        OperationLogRepository,
        OperationLog,
        { provide: OperationCatalog, useValue: new OperationCatalog() },
        WaiterHub,
        QueueLoad,
        AcceptedRequests,
        FuturesService,
        ResultPresenters,
        FuturesPresenter,
        ...(config.servesApi ? API : []),
        ...(config.runsWorker ? WORKER : []),
      ],
      exports: [
        FuturesService,
        AcceptedRequests,
        BacklogRepository,
        FutureRepository,
        QueueLoad,
        OperationCatalog,
        OperationLog,
        ClaimRepository,
        OperationLogRepository,
        WaiterHub,
        ...(config.runsWorker ? WORKER : []),
      ],
    };
  }
}
