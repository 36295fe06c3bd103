import type { NextFunction, Request, Response } from 'express';
import { tracing } from '../../tracing/tracing.js';
import { isQuiet, routeOf } from './request-log.js';

/** A span for each request, from its arrival to the end of its answer; it continues the trace that the client names. */
export function traceRequests(request: Request, response: Response, next: NextFunction): void {
  const active = tracing();
  if (active === null || isQuiet(request.path)) return next();
  const { method, path, headers } = request;
  const { traceparent } = headers;
  const attributes = { 'http.request.method': method, 'url.path': path, 'url.scheme': request.protocol };
  const parent = typeof traceparent === 'string' ? traceparent : null;
  active.open({ name: method, kind: 'server', attributes, parent }, (span) => {
    response.once('close', () => {
      const route = routeOf(request);
      if (route !== null) {
        span.rename(`${method} ${route}`);
        span.set({ 'http.route': route });
      }
      span.set({ 'http.response.status_code': response.statusCode });
      if (response.statusCode >= 500) span.fail(`HTTP ${response.statusCode}`);
      span.end();
    });
    next();
  });
}
