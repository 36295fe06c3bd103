import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { knownRequestId } from './request-id.js';

/** Asked for again and again by probes and waiting clients: worth a line only at debug level. */
const QUIET = new Set([
  '/healthz',
  '/readyz',
  '/retrieve_future',
  '/api/v1/retrieve_future',
  '/api/v1/session_heartbeat',
]);

/** Downloads: what follows is signed, and opens them without a key. */
const SIGNED = /^(\/api\/v1\/(?:archives|files|traces)\/).+/i;

const logger = new Logger('Http');

/** Logs every answer: method, path, status, time. Never bodies, queries, headers or signatures: they may hold secrets. */
export function logRequests(request: Request, response: Response, next: NextFunction): void {
  const started = performance.now();
  const { method, path } = request;
  const shown = path.replace(SIGNED, '$1***');
  response.once('close', () => {
    const outcome = response.writableFinished ? String(response.statusCode) : 'client gone';
    const id = knownRequestId(response);
    const line = [method, shown, outcome, `${(performance.now() - started).toFixed(1)} ms`, ...(id ? [id] : [])].join(
      ' ',
    );
    if (QUIET.has(path)) logger.debug(line);
    else logger.log(line);
  });
  next();
}
