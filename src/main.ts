import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { BaseModelCatalog } from './base-models/base-model-catalog.js';
import { sharedRenderer } from './base-models/chat-templates/jinja/jinja-renderer.js';
import { AppLogger } from './common/logging/app-logger.js';
import { AppError } from './common/errors/app-error.js';
import { configureHttp } from './common/http/configure-http.js';
import { ListenError } from './common/http/server/listen.error.js';
import { useTracing } from './common/tracing/tracing.js';
import { type AppConfig } from './config/app-config.js';
import { loadConfig } from './config/load-config.js';
import { serveDocs } from './docs-page.js';
import { ApiKeys, KeyGate } from './modules/keys/index.js';
import { JobQueue } from './queue/job-queue.js';

const logger = new Logger('Thinker');

/** What follows the grace period of a shutdown (snapshots, leases, connections) may take this long. */
const TIDY_MS = 15_000;

async function start(config: AppConfig): Promise<void> {
  await startTracing(config);
  // It loads while the base models and the engine do.
  if (config.servesApi) sharedRenderer().warmUp();
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config), {
    logger: new AppLogger(config.telemetry.logLevel, config.telemetry.logFormat),
    bodyParser: false,
    abortOnError: false,
  });
  for (const warning of config.warnings) logger.warn(warning);
  configureHttp(app, config, config.servesApi ? app.get(KeyGate).handle : undefined);
  if (config.servesApi) {
    await app.get(ApiKeys).checkExposure(config.host);
    await app.get(ApiKeys).warnOfKeyless();
    serveDocs(app);
  }
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  endForSure(config.shutdownGraceS);
  await app.init();
  if (config.servesApi) await app.get(BaseModelCatalog).checkTemplates();
  await app.listen(config.port, config.host).catch(async (error: unknown) => {
    await app.close();
    throw new ListenError(config.host, config.port, error);
  });

  const url = await app.getUrl();
  logger.log(`Role ${config.role} on ${url}`);
  if (!config.servesApi) return;
  logger.log(`Swagger UI: ${url}/docs`);
  const { dashboard } = app.get(JobQueue);
  if (dashboard !== null) logger.log(`Queue dashboard: ${url}${dashboard}`);
}

async function startTracing({ role, telemetry: { tracedAs } }: AppConfig): Promise<void> {
  if (tracedAs === null) return;
  const { startOpenTelemetry } = await import('./common/tracing/open-telemetry.js');
  useTracing(startOpenTelemetry(tracedAs, { 'thinker.role': role }));
}

/** A shutdown that hangs is cut short: whatever was not written down runs again elsewhere. */
function endForSure(graceS: number): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      setTimeout(
        () => {
          logger.error('The shutdown is taking too long; exiting now');
          process.exit(1);
        },
        graceS * 1000 + TIDY_MS,
      ).unref();
    });
  }
}

try {
  await start(loadConfig());
} catch (error) {
  // What we foresee says all in its message; anything else needs its stack.
  console.error(error instanceof AppError ? error.message : error);
  process.exit(1);
}
