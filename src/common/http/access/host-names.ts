import { isIP } from 'node:net';
import type { Request } from 'express';

/** The settings that say under which names this server is reached. */
export interface NamedServer {
  /** The name or address that it listens on. */
  readonly host: string;
  readonly publicUrl: string;
  readonly allowedHosts: readonly string[];
  readonly allowNoKeys: boolean;
}

/** Answers on this machine alone, whoever resolves the name. */
export function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** The Host header without port and brackets, lower case; undefined when it is missing or is not a host. */
export function hostName(header: string | undefined): string | undefined {
  const [, address, name] = /^(?:\[([0-9a-f:.]+)\]|([^\s:/?#@[\]]+))(?::\d*)?$/i.exec(header ?? '') ?? [];
  return (address ?? name?.replace(/\.$/, ''))?.toLowerCase();
}

/**
 * Whether the request was addressed by a name that is this server's: loopback, the name in PUBLIC_URL, HOST or
 * ALLOWED_HOSTS, or the very address that the connection was made to. Other names may be anybody's: a page that resolves
 * its own name to this machine (DNS rebinding) sends that name, and so does whoever wants links to lead elsewhere.
 */
export function namesThisServer(request: Request, server: NamedServer): boolean {
  const name = hostName(request.headers.host);
  if (name === undefined) return false;
  const known = [server.host, publicName(server), ...server.allowedHosts].map((host) => host?.toLowerCase());
  return isLoopback(name) || known.includes(name) || (isIP(name) > 0 && name === connectedTo(request));
}

/**
 * Whether a server without keys answers the request. With ALLOW_NO_KEYS any IP address will do, as behind the published
 * port of a container, where the connection arrives at another one: no name can be rebound to it.
 */
export function isAnsweredWithoutKeys(request: Request, server: NamedServer): boolean {
  if (namesThisServer(request, server)) return true;
  return server.allowNoKeys && isIP(hostName(request.headers.host) ?? '') > 0;
}

function publicName({ publicUrl }: NamedServer): string | undefined {
  return publicUrl === '' ? undefined : hostName(new URL(publicUrl).host);
}

/** IPv4 as such, also on a socket for both families. */
function connectedTo({ socket }: Request): string | undefined {
  return socket.localAddress?.replace(/^::ffff:(?=[\d.]+$)/, '');
}
