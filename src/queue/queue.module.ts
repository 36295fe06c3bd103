import { BullModule } from '@nestjs/bull';
import { BullBoardModule } from '@bull-board/nestjs';
import { BullAdapter } from '@bull-board/api/bullAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { type DynamicModule, Module } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { BullJobQueue } from './bull.job-queue.js';
import { bullOptions, DASHBOARD_ROUTE, OPERATIONS_QUEUE } from './bull.options.js';
import { InProcessJobQueue } from './in-process.job-queue.js';
import { JobQueue } from './job-queue.js';
import { NoBullBoardController } from './no-bull-board.controller.js';
import { refuseChanges } from './read-only-board.js';

const BOARD_OPTIONS = {
  readOnlyMode: true,
  description: 'Wake-ups for workers, one per operation. The operations themselves are rows; GET /futures lists them.',
};

/** The job queue: on Redis when REDIS_URL is set, else in the process. */
@Module({})
export class QueueModule {
  static forRoot(config: AppConfig): DynamicModule {
    return config.redisUrl === '' ? inProcess() : onRedis(config);
  }
}

function inProcess(): DynamicModule {
  return {
    module: QueueModule,
    global: true,
    controllers: [NoBullBoardController],
    providers: [
      {
        provide: JobQueue,
        inject: [AppConfig],
        useFactory: ({ queueConcurrency }: AppConfig) => new InProcessJobQueue(queueConcurrency),
      },
    ],
    exports: [JobQueue],
  };
}

function onRedis(config: AppConfig): DynamicModule {
  const board = [
    BullBoardModule.forRoot({
      route: DASHBOARD_ROUTE,
      adapter: ExpressAdapter,
      boardOptions: { uiConfig: { boardTitle: 'Thinker queue (read-only)' } },
      middleware: refuseChanges,
    }),
    BullBoardModule.forFeature({ name: OPERATIONS_QUEUE, adapter: BullAdapter, options: BOARD_OPTIONS }),
  ];
  return {
    module: QueueModule,
    global: true,
    imports: [
      BullModule.forRootAsync({ inject: [AppConfig], useFactory: ({ redisUrl }: AppConfig) => bullOptions(redisUrl) }),
      BullModule.registerQueue({ name: OPERATIONS_QUEUE }),
      ...(config.servesApi ? board : []),
    ],
    providers: [{ provide: JobQueue, useClass: BullJobQueue }],
    exports: [JobQueue],
  };
}
