import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import { AppExceptionFilter } from './common/http/errors/app-exception.filter.js';
import { BodyBudget } from './common/http/bodies/body-budget.js';
import { HttpDrain } from './common/http/server/http-drain.js';
import { RequestValidationPipe } from './common/http/validation/request-validation.pipe.js';
import { UnknownQueryGuard } from './common/http/validation/unknown-query.guard.js';
import { TracingEnd } from './common/tracing/tracing-end.js';
import { ThreadPool } from './common/threads/thread-pool.js';
import { type AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { dataSourceOptions } from './data-source.options.js';
import { DatabaseModule } from './database/database.module.js';
import { EventsModule } from './events/events.module.js';
import { DispatchModule } from './modules/dispatch/dispatch.module.js';
import { FuturesModule } from './modules/futures/futures.module.js';
import { HealthModule } from './modules/health/health.module.js';
import { KeysModule } from './modules/keys/index.js';
import { WorkersModule } from './modules/workers/workers.module.js';
import { QueueModule } from './queue/queue.module.js';

/**
 * Everything that knows nothing of training: configuration, database, events, queue, keys, the operation log and (in a
 * worker) its dispatcher. The features are built on it in AppModule, and the medium tests put handlers of their own
 * on it.
 */
@Module({})
export class PlatformModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: PlatformModule,
      global: true,
      imports: [
        ConfigModule.forRoot(config),
        DatabaseModule.forRoot(dataSourceOptions),
        EventsModule,
        QueueModule.forRoot(config),
        KeysModule.forRoot(config),
        WorkersModule.forRoot(config),
        FuturesModule.forRoot(config),
        HealthModule,
        ...(config.runsWorker ? [DispatchModule] : []),
      ],
      providers: [
        {
          provide: HttpDrain,
          useFactory: (host: HttpAdapterHost) => new HttpDrain(host, config.shutdownGraceS * 1000),
          inject: [HttpAdapterHost],
        },
        TracingEnd,
        ThreadPool,
        { provide: BodyBudget, useValue: new BodyBudget(config.bodiesInFlightMb * 2 ** 20) },
        { provide: APP_FILTER, useClass: AppExceptionFilter },
        { provide: APP_GUARD, useClass: UnknownQueryGuard },
        { provide: APP_PIPE, useClass: RequestValidationPipe },
      ],
      exports: [ThreadPool, BodyBudget],
    };
  }
}
