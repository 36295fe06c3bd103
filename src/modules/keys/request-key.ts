import type { Request } from 'express';
import { basicPassword } from './basic-password.js';
import { TwoKeysError } from './errors/key.errors.js';

/** The key of a request, from X-API-Key or `Authorization: Bearer`. @throws TwoKeysError when they differ */
export function requestKey(request: Request): string | undefined {
  const own = request.header('X-API-Key');
  const bearer = bearerToken(request.header('Authorization'));
  if (own !== undefined && bearer !== undefined && own !== bearer) throw new TwoKeysError();
  return own ?? bearer;
}

/** That of a page's request: browsers send neither header, but ask for a password when told to. */
export function pageKey(request: Request): string | undefined {
  return requestKey(request) ?? basicPassword(request.header('Authorization'));
}

function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
}
