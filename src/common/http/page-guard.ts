import type { NextFunction, Request, Response } from 'express';

/** Swagger UI and the queue's dashboard, with their files. Express takes paths in any case, so this does, too. */
const PAGES = /^\/(docs|admin)(\/|$)/i;

/**
 * What a page may load: what this server serves. The dashboard's stylesheet from a font service would send every visit
 * abroad, and without a way there would hold the page up. No other site may show our pages in a frame, where a click
 * meant for it would fall on a button of ours. Both pages set styles in their markup.
 */
const POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Sends the pages for browsers with the rules that keep them to this server. */
export function guardPages(request: Request, response: Response, next: NextFunction): void {
  if (PAGES.test(request.path)) {
    response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
  }
  next();
}
