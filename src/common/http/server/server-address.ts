import type { Request } from 'express';
import { HostNotAllowedError } from '../access/access.errors.js';
import { namesThisServer, type NamedServer } from '../access/host-names.js';

/**
 * Where clients reach this server, without a slash at the end: PUBLIC_URL, else as the request was addressed. What
 * proxies add (X-Forwarded-*) is not read: any client can send it.
 * @throws HostNotAllowedError when the request was addressed by a name that need not be this server's
 */
export function serverAddress(request: Request, server: NamedServer): string {
  if (server.publicUrl !== '') return server.publicUrl.replace(/\/+$/, '');
  const host = request.get('host');
  if (host === undefined || !namesThisServer(request, server)) {
    throw new HostNotAllowedError(host, 'so links to this server would lead there.');
  }
  return `${request.protocol}://${host}`;
}
