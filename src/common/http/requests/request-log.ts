import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { requestAnswered } from '../../probes.js';
import { runLogged } from '../../logging/log-context.js';
import { identify } from './request-id.js';

/** Asked for again and again by probes and waiting clients: worth a line only at debug level. */
const QUIET = new Set([
  '/healthz',
  '/readyz',
  '/metrics',
  '/retrieve_future',
  '/api/v1/retrieve_future',
  '/api/v1/session_heartbeat',
]);

/** Downloads: what follows is signed, and opens them without a key. */
const SIGNED = /^(\/api\/v1\/(?:archives|files|traces)\/).+/i;

/** What proxies log instead of a status when the client has closed the connection. */
const CLIENT_GONE = 499;

const logger = new Logger('Http');

/** Logs every answer: method, path, status, time. Never bodies, queries, headers or signatures: they may hold secrets. */
export function logRequests(request: Request, response: Response, next: NextFunction): void {
  const started = performance.now();
  const { method, path } = request;
  const shown = path.replace(SIGNED, '$1***');
  const log = () => {
    const isDone = response.writableFinished;
    const outcome = isDone ? String(response.statusCode) : 'client gone';
    const elapsedMs = performance.now() - started;
    const status = isDone ? response.statusCode : CLIENT_GONE;
    requestAnswered.publish({ method, route: routeOf(request), status, seconds: elapsedMs / 1000 });
    const line = `${method} ${shown} ${outcome} ${elapsedMs.toFixed(1)} ms ${id}`;
    if (isQuiet(path)) logger.debug(line);
    else logger.log(line);
  };
  const id = identify(request, response);
  runLogged({ requestId: id }, () => {
    // Bound, so that the line belongs to the request although the socket's event brings it.
    response.once('close', AsyncResource.bind(log));
    next();
  });
}

export function isQuiet(path: string): boolean {
  return QUIET.has(path);
}

/** The pattern of the route that took the request, whatever ids its path contains. */
export function routeOf({ route }: Request): string | null {
  const { path }: { path?: unknown } = (route as object | undefined) ?? {};
  return typeof path === 'string' ? path : null;
}
