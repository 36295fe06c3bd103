import { type NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ThreadPool } from '../threads/thread-pool.js';
import { BodyBudget } from './bodies/body-budget.js';
import { BodyWatch } from './bodies/body-watch.js';
import { BodyGuard } from './bodies/body.guard.js';
import { announcesBody, RequestBodies } from './bodies/request-bodies.js';
import { corsOptions, type Origins, refuseCrossSite } from './access/cross-site.js';
import { CONSOLE, guardConsole, guardPages, PAGES } from './access/page-guard.js';
import { readDeadline } from './requests/request-deadline.js';
import { logRequests } from './requests/request-log.js';
import { traceRequests } from './requests/request-trace.js';

const MB = 2 ** 20;

export interface BodyLimits {
  /** Of one body, after decompression. */
  readonly bodyLimitMb: number;
  /** After this long a body must have come at a minimum rate. */
  readonly bodyGraceS: number;
}

/**
 * What every HTTP application of ours has, the tests' too: CORS, the gate that asks for a key, then the guard that reads
 * JSON and protobuf bodies up to the limits, request log, no banner. Create the application with `bodyParser: false`.
 */
export function configureHttp(app: NestExpressApplication, config: BodyLimits & Origins, gate?: RequestHandler): void {
  app.disable('x-powered-by');
  // An ETag is a hash over the whole answer, and results are megabytes that nobody caches.
  app.disable('etag');
  app.use(traceRequests);
  app.use(logRequests);
  app.use(PAGES, guardPages);
  app.use(CONSOLE, guardConsole);
  const watch = new BodyWatch(config.bodyGraceS);
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (announcesBody(request)) watch.drain(request, response);
    next();
  });
  app.enableCors(corsOptions(config));
  app.use(refuseCrossSite(config));
  // Before any body is read: strangers must not make us parse megabytes.
  if (gate) app.use(gate);
  app.use(readDeadline);
  app.useGlobalGuards(
    new BodyGuard(new RequestBodies(config.bodyLimitMb * MB, app.get(BodyBudget), watch, app.get(ThreadPool))),
  );
  // Node would ask for the body by itself, before the key is known; the guard does it.
  const server = app.getHttpServer();
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
}
