import type { Response } from 'express';
import { ulid } from 'ulid';

const HEADER = 'request-id';

/** The id by which Anthropic's clients name this request, also in its line of the log. Answers send it as a header. */
export function requestIdOf(response: Response): string {
  const known = knownRequestId(response);
  if (known !== undefined) return known;
  const id = `req_${ulid()}`;
  if (!response.headersSent) response.setHeader(HEADER, id);
  return id;
}

/** Undefined where nobody has asked for one. */
export function knownRequestId(response: Response): string | undefined {
  const id = response.getHeader(HEADER);
  return typeof id === 'string' ? id : undefined;
}
