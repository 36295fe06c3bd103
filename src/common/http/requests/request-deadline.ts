import type { NextFunction, Request, Response } from 'express';
import { runUntil } from '../../deadline.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { sendError } from '../errors/app-exception.filter.js';

/**
 * The time a client gives a request, in milliseconds from its arrival on: a duration as in gRPC and Connect, so that no
 * two clocks need to agree. A header, so that every dialect has it.
 */
export const TIMEOUT_HEADER = 'X-Timeout-Ms';
/** A week. */
export const MAX_TIMEOUT_MS = 604_800_000;

/** What the request submits is given up when its time is over. */
export function readDeadline(request: Request, response: Response, next: NextFunction): void {
  const given = request.headers[TIMEOUT_HEADER.toLowerCase()];
  if (given === undefined) return next();
  const timeoutMs = /^\d{1,9}$/.test(String(given)) ? Number(given) : 0;
  if (timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS) {
    const remedy = `Send a whole number of milliseconds from 1 to ${MAX_TIMEOUT_MS}, or leave it out.`;
    const message = `The header ${TIMEOUT_HEADER} is not a time. ${remedy}`;
    return sendError(response, new InvalidRequestError(message, { field: TIMEOUT_HEADER, remedy }));
  }
  runUntil(performance.now() + timeoutMs, next);
}
