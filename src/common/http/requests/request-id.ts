import type { Request, Response } from 'express';
import { ulid } from 'ulid';

const HEADER = 'X-Request-Id';
/** Where Anthropic's clients look for the same id. */
const ANTHROPIC_HEADER = 'request-id';
/** What clients and proxies use: UUIDs, ULIDs, ids with colons. Anything else might forge lines of the log. */
const ACCEPTABLE = /^[\w.:=+/-]{1,128}$/;

/** Gives the request its id, the client's own where it has sent a usable one; the answer names it. */
export function identify(request: Request, response: Response): string {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && ACCEPTABLE.test(given) ? given : `req_${ulid()}`;
  response.setHeader(HEADER, id);
  return id;
}

/** The id of the request, which the answer then also names as Anthropic's clients expect it. */
export function requestIdOf(response: Response): string {
  const id = knownRequestId(response) ?? `req_${ulid()}`;
  if (!response.headersSent) response.setHeader(ANTHROPIC_HEADER, id);
  return id;
}

/** Undefined where the request never came by `identify`. */
export function knownRequestId(response: Response): string | undefined {
  const id = response.getHeader(HEADER);
  return typeof id === 'string' ? id : undefined;
}
