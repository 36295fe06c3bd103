import { BullModule } from '@nestjs/bull';
import { BullBoardModule } from '@bull-board/nestjs';
import { BullAdapter } from '@bull-board/api/bullAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { type DynamicModule, Module } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { BullJobQueue } from './bull.job-queue.js';
import { bullOptions, OPERATIONS_QUEUE } from './bull.options.js';
import { InProcessJobQueue } from './in-process.job-queue.js';
import { JobQueue } from './job-queue.js';
import { NoBullBoardController } from './no-bull-board.controller.js';

export const BULL_BOARD_ROUTE = '/admin/queues';

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
      route: BULL_BOARD_ROUTE,
      adapter: ExpressAdapter,
      boardOptions: { uiConfig: { boardTitle: 'Thinker queue' } },
    }),
    BullBoardModule.forFeature({ name: OPERATIONS_QUEUE, adapter: BullAdapter }),
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
