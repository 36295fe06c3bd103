import { type NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { toBodyError } from './body.errors.js';
import { logRequests } from './request-log.js';

/**
 * What every HTTP application of ours has, the tests' too: the gate that asks for a key, then JSON and protobuf bodies
 * up to the limit (gzip, deflate and br are unpacked), request log, no banner. Create the application with
 * `bodyParser: false`.
 */
export function configureHttp(app: NestExpressApplication, bodyLimitMb: number, gate?: RequestHandler): void {
  app.disable('x-powered-by');
  // An ETag is a hash over the whole answer, and results are megabytes that nobody caches.
  app.disable('etag');
  app.use(logRequests);
  // Before any body is read: strangers must not make us parse megabytes.
  if (gate) app.use(gate);
  app.useBodyParser('json', { limit: `${bodyLimitMb}mb`, type: ['application/json', 'application/*+json'] });
  app.useBodyParser('raw', { limit: `${bodyLimitMb}mb`, type: 'application/x-protobuf' });
  app.use((error: unknown, _request: Request, _response: Response, next: NextFunction) => next(toBodyError(error)));
}
