import type { Request, RequestHandler } from 'express';
import { sendError } from '../errors/app-exception.filter.js';
import { CrossSiteRequestError } from './access.errors.js';
import { OPERATOR_PAGES } from './page-guard.js';

export interface Origins {
  /** Exact origins, or '*' for all. */
  readonly corsOrigins: readonly string[];
  readonly publicUrl: string;
}

/** They change nothing. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Headers of answers that pages of other origins may read, beside those that CORS always lets through. */
const EXPOSED_HEADERS = ['Retry-After', 'Allow', 'Location', 'Expires', 'Content-Disposition', 'X-Request-Id'].concat(
  ['requests', 'tokens'].flatMap((what) => [
    ...['limit', 'remaining', 'reset'].map((part) => `x-ratelimit-${part}-${what}`),
    ...['limit', 'remaining', 'reset'].map((part) => `anthropic-ratelimit-${what}-${part}`),
  ]),
);
const PREFLIGHT_MAX_AGE_S = 600;

/**
 * Refuses what a page of another origin makes the browser send, unless CORS_ORIGINS names it: forms and simple requests
 * need no consent of CORS, and they would reach a server on the user's machine or carry the password of the dashboard.
 * The order of the checks is that of Go's http.CrossOriginProtection (Go 1.25). Programs send none of these headers.
 */
export function refuseCrossSite(origins: Origins): RequestHandler {
  return (request, response, next) => {
    if (SAFE_METHODS.has(request.method) || comesFromHere(request, origins)) return next();
    sendError(response, new CrossSiteRequestError(request.headers.origin));
  };
}

function comesFromHere(request: Request, origins: Origins): boolean {
  const { origin } = request.headers;
  return (origin !== undefined && mayCross(request, origin, origins)) || isFromOwnPage(request, origins.publicUrl);
}

/** Whether a program or a page of this very origin has sent the request: not one of another port of the same host. */
export function isFromOwnPage(request: Request, publicUrl: string): boolean {
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  if (origin !== undefined && publicUrl !== '' && new URL(publicUrl).origin === origin) return true;
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  // Browsers that do not send Sec-Fetch-Site, or plain http: a page has the origin that its server is reached by.
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host?.toLowerCase());
}

/** The dashboard is for the pages of this server alone: the browser adds its password to whatever is sent there. */
function mayCross({ path }: Request, origin: string, { corsOrigins, publicUrl }: Origins): boolean {
  if (publicUrl !== '' && new URL(publicUrl).origin === origin) return true;
  return !OPERATOR_PAGES.test(path) && (corsOrigins.includes('*') || corsOrigins.includes(origin));
}

/** Settings of Nest's CORS, asked for each request: only pages of CORS_ORIGINS are told that they may read answers. */
export function corsOptions(origins: Origins) {
  return (request: Request, callback: (error: Error | null, options: object) => void): void => {
    const { origin } = request.headers;
    const isPlainOptions = request.method === 'OPTIONS' && !request.headers['access-control-request-method'];
    const isAllowed = origin !== undefined && !isPlainOptions && mayCross(request, origin, origins);
    callback(null, {
      origin: isAllowed ? [origin] : false,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: EXPOSED_HEADERS,
      maxAge: PREFLIGHT_MAX_AGE_S,
    });
  };
}
