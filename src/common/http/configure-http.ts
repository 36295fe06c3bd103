import { type NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { BodiesInFlight } from './bodies-in-flight.js';
import { toBodyError } from './body.errors.js';
import { corsOptions, type Origins, refuseCrossSite } from './cross-site.js';
import { keepExactIntegers, restoreExactSeeds } from './exact-integers.js';
import { guardPages, PAGES } from './page-guard.js';
import { logRequests } from './request-log.js';
import { zstdBodies } from './zstd-bodies.js';

const PROTOBUF = 'application/x-protobuf';

export interface BodyLimits {
  /** Of one body, after decompression. */
  readonly bodyLimitMb: number;
  /** Of all bodies at once. */
  readonly bodiesInFlightMb: number;
}

/**
 * What every HTTP application of ours has, the tests' too: CORS, the gate that asks for a key, then JSON and protobuf bodies
 * up to the limits (gzip, deflate and br are unpacked, and zstd for protobuf), request log, no banner. Create the
 * application with `bodyParser: false`.
 */
export function configureHttp(app: NestExpressApplication, config: BodyLimits & Origins, gate?: RequestHandler): void {
  const { bodyLimitMb, bodiesInFlightMb } = config;
  app.disable('x-powered-by');
  // An ETag is a hash over the whole answer, and results are megabytes that nobody caches.
  app.disable('etag');
  app.use(logRequests);
  app.use(PAGES, guardPages);
  app.enableCors(corsOptions(config));
  app.use(refuseCrossSite(config));
  // Before any body is read: strangers must not make us parse megabytes.
  if (gate) app.use(gate);
  const inFlight = new BodiesInFlight(bodiesInFlightMb * 2 ** 20, bodyLimitMb * 2 ** 20);
  app.use(inFlight.before);
  const zstd = zstdBodies(PROTOBUF, bodyLimitMb * 2 ** 20);
  app.use(zstd.before);
  const type = ['application/json', 'application/*+json'];
  const json = { limit: `${bodyLimitMb}mb`, type, verify: keepExactIntegers };
  app.useBodyParser('json', json);
  app.useBodyParser('raw', { limit: `${bodyLimitMb}mb`, type: PROTOBUF });
  app.use(zstd.after);
  app.use(inFlight.after);
  app.use(restoreExactSeeds);
  app.use((error: unknown, _request: Request, _response: Response, next: NextFunction) => next(toBodyError(error)));
}
