import helmet from 'helmet';

/** Swagger UI, and the queue's dashboard. */
export const PAGES = ['/docs', '/admin'];
/** The dashboard. Express takes paths in any case, so this does, too. */
export const OPERATOR_PAGES = /^\/admin(\/|$)/i;

/**
 * What a page may load: what this server serves. The dashboard's stylesheet from a font service would send every visit
 * abroad, and without a way there would hold the page up. No other site may show our pages in a frame, where a click
 * meant for it would fall on a button of ours. Both pages set styles in their markup. Whether browsers must use HTTPS is
 * for the proxy to say that speaks it.
 */
export const guardPages = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      objectSrc: ["'none'"],
      baseUri: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false,
});

/** The console: its scripts and styles are files of its own, and nothing stands in its markup. */
export const CONSOLE = '/console';
export const guardConsole = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false,
});
