import ipaddr from 'ipaddr.js';
import { WebhookUrlError } from '../errors/webhook.errors.js';

/** Addresses of the public internet; private, loopback, link-local (metadata services) and all other ranges are not. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return ipaddr.process(address).range() === 'unicast';
}

/** The address in the host of a URL, without the brackets of IPv6; null where the host is a name. */
export function literalAddress(host: string): string | null {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(address) ? address : null;
}

/**
 * Whether a webhook may have this URL, as far as the text tells: a name is resolved, and its addresses are checked, when a
 * delivery connects. @throws WebhookUrlError
 */
export function checkWebhookUrl(text: string, allowPrivate: boolean): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new WebhookUrlError('is not an address of a web server.', 'Pass an absolute URL with https:// or http://.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new WebhookUrlError('contains a user or password.', 'Verify webhook-signature instead.');
  }
  const address = literalAddress(url.hostname);
  const isPrivate = address === null ? /^(.+\.)?localhost\.?$/.test(url.hostname) : !isPublicAddress(address);
  if (isPrivate && !allowPrivate) {
    throw new WebhookUrlError(
      `names ${url.hostname}, which is not a public address.`,
      'Pass a public one, or ask the operator to set WEBHOOKS_ALLOW_PRIVATE.',
    );
  }
}
