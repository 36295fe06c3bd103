import { AppError } from '../../errors/app-error.js';
import { shortened } from '../../shortened.js';

/** The request was addressed to a name that this server does not know as its own. */
export class HostNotAllowedError extends AppError {
  constructor(host: string | undefined, purpose: string) {
    const given = host === undefined ? 'without a Host header' : `to the host '${shortened(host)}'`;
    const remedy =
      'Use http://127.0.0.1 or http://localhost, or ask the operator to set PUBLIC_URL or to add the name to ALLOWED_HOSTS.';
    super('host_not_allowed', 'user', 421, `The request was sent ${given}, ${purpose} ${remedy}`, {
      field: 'Host',
      remedy,
    });
  }
}

/** A page of another origin has made the browser send a request that changes something. */
export class CrossSiteRequestError extends AppError {
  constructor(origin: string | undefined) {
    const from = origin === undefined ? 'another site' : `the origin '${shortened(origin)}'`;
    const remedy = 'To allow this page, ask the operator to add its origin to CORS_ORIGINS.';
    super('cross_site_request', 'user', 403, `A web page of ${from} may not send this request. ${remedy}`, {
      field: 'Origin',
      remedy,
    });
  }
}
