import { Injectable } from '@nestjs/common';
import type { CookieOptions, Request } from 'express';
import { NO_OWNER } from '../../../common/caller.js';
import { CrossSiteRequestError } from '../../../common/http/access/access.errors.js';
import { isFromOwnPage } from '../../../common/http/access/cross-site.js';
import { AppConfig } from '../../../config/app-config.js';
import { ApiKeys, type Caller } from '../api-keys.js';
import { SessionHeaderError } from '../errors/key.errors.js';
import { LinkSigner } from '../link-signer.js';

const COOKIE = 'thinker_session';
/** Sent by the console with every request; no form, link or image of a page can add a header. */
export const SESSION_HEADER = 'X-Thinker-Console';
const VALID_MS = 12 * 3600_000;
const SUBJECT = 'session/';
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A cookie as a controller sets it. */
export interface SessionCookie {
  readonly name: string;
  readonly value: string;
  readonly options: CookieOptions;
}

/**
 * Sessions of browsers. The cookie is a signed statement of the key's id and of the end, so every API process accepts it
 * and nothing is stored; the key itself is not in it. A session ends with its key.
 */
@Injectable()
export class KeySessions {
  constructor(
    private readonly keys: ApiKeys,
    private readonly signer: LinkSigner,
    private readonly config: AppConfig,
  ) {}

  /** The cookie of a new session of this key. */
  async begin(owner: string, request: Request): Promise<SessionCookie> {
    const value = await this.signer.sign(SUBJECT + owner, new Date(Date.now() + VALID_MS));
    return { name: COOKIE, value, options: { ...this.attributes(request), maxAge: VALID_MS } };
  }

  /** A cookie that replaces the session's and expires at once. */
  end(request: Request): SessionCookie {
    return { name: COOKIE, value: '', options: { ...this.attributes(request), maxAge: 0 } };
  }

  /**
   * Whom the session of a request stands for; null when it has none, or one that has ended. SameSite alone would let pages
   * of other ports of the same host pass, which may be anybody's.
   * @throws CrossSiteRequestError, SessionHeaderError when a page may have made the browser send the request
   */
  async callerOf(request: Request): Promise<Caller | null> {
    const token = cookie(request.headers.cookie, COOKIE);
    const subject = token === undefined ? null : await this.signer.verify(token);
    if (subject === null || !subject.startsWith(SUBJECT)) return null;
    if (!isFromOwnPage(request, this.config.publicUrl)) throw new CrossSiteRequestError(request.headers.origin);
    if (!SAFE_METHODS.has(request.method) && request.header(SESSION_HEADER) === undefined) {
      throw new SessionHeaderError();
    }
    const owner = subject.slice(SUBJECT.length);
    return owner === NO_OWNER ? null : this.keys.callerOfId(owner);
  }

  /** By the address that the browser shows: a proxy may speak HTTPS for this server. */
  private attributes({ headers }: Request): CookieOptions {
    const secure = (headers.origin ?? this.config.publicUrl).startsWith('https:');
    return { httpOnly: true, sameSite: 'strict', secure, path: '/' };
  }
}

function cookie(header: string | undefined, name: string): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
