import dns from 'node:dns';
import { type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { PrivateAddressError } from '../errors/webhook.errors.js';
import { isPublicAddress, literalAddress } from './webhook-address.js';

const CONNECT_TIMEOUT_MS = 5000;
const ANSWER_TIMEOUT_MS = 10_000;
/** Nothing of an answer but its status is of interest. */
const MAX_ANSWER_BYTES = 2 ** 16;
const CONNECTIONS_PER_HOST = 8;

export interface PublicAgentOptions {
  readonly allowPrivate: boolean;
  /** How names are resolved: as by node:dns when left out. */
  readonly lookup?: LookupFunction;
}

/**
 * Connects to public addresses only. What is checked is the address that the socket connects to: a name that resolves to
 * another one a moment later (DNS rebinding) gains nothing, since it is resolved once, by the connection itself. Follows no
 * redirects, uses no proxy.
 */
export function publicAgent({ allowPrivate, lookup = dns.lookup }: PublicAgentOptions): Agent {
  const isAllowed = (address: string): boolean => allowPrivate || isPublicAddress(address);
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: checked(lookup, isAllowed) });
  return new Agent({
    connections: CONNECTIONS_PER_HOST,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    maxResponseSize: MAX_ANSWER_BYTES,
    connect: (options, callback) => {
      const literal = literalAddress(options.hostname);
      if (literal !== null && !isAllowed(literal)) return callback(new PrivateAddressError(literal), null);
      connect(options, (...[error, socket]) => {
        if (error) return callback(error, null);
        // The last word, whatever the lookup said.
        const { remoteAddress = 'an unknown address' } = socket;
        if (isAllowed(remoteAddress)) return callback(null, socket);
        socket.destroy();
        callback(new PrivateAddressError(remoteAddress), null);
      });
    },
  });
}

/** A lookup that fails when any address of the name is not allowed. */
function checked(lookup: LookupFunction, isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, found, family) => {
      const addresses = typeof found === 'string' ? [found] : (found ?? []).map(({ address }) => address);
      const refused = error ? undefined : addresses.find((address) => !isAllowed(address));
      if (refused === undefined) callback(error, found, family);
      else callback(new PrivateAddressError(refused), found, family);
    });
  };
}
