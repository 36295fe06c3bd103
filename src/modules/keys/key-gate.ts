import { Injectable, Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { runAs } from '../../common/caller.js';
import { addToLog } from '../../common/logging/log-context.js';
import { toAppError } from '../../common/errors/internal.error.js';
import { sendError } from '../../common/http/errors/app-exception.filter.js';
import { HostNotAllowedError } from '../../common/http/access/access.errors.js';
import { isAnsweredWithoutKeys } from '../../common/http/access/host-names.js';
import { OPERATOR_PAGES } from '../../common/http/access/page-guard.js';
import { AppConfig } from '../../config/app-config.js';
import { ApiKeys, type Caller } from './api-keys.js';
import { OperatorsOnlyError, UnauthorizedError } from './errors/key.errors.js';
import { pageKey, requestKey } from './request-key.js';
import { KeySessions } from './sessions/key-sessions.js';

/** The pages of the console, which hold no data; whose session it is, is asked for with a key. */
const CONSOLE_PAGES = /^\/console(?!\/session)(\/|$)/i;

/**
 * Answered without a key: what tells nothing about anybody (health, documentation, files of the base models'
 * tokenizers), and downloads, whose address is signed.
 */
const OPEN = [
  /^\/$/,
  /^\/favicon\.ico$/,
  /^\/(api\/v1\/)?healthz$/,
  /^\/readyz$/,
  /^\/docs(-json|-yaml|\/|$)/,
  CONSOLE_PAGES,
];
const SIGNED_OR_PUBLIC = [/^\/hf\//, /^\/api\/v1\/(archives|files|traces)\//];

/** Asks for a key by itself: in every role, and for one that opens nothing else. */
const METRICS = /^\/metrics\/?$/i;

/** Whether a route is answered without a key, whatever keys there are. */
export function isOpen(path: string): boolean {
  return [...OPEN, ...SIGNED_OR_PUBLIC].some((open) => open.test(path));
}

/**
 * The first thing a request meets: who is it from? Everything after runs as that owner. Where no key is asked for, a
 * request must at least name this server: otherwise any web page could reach it through a name of its own.
 */
@Injectable()
export class KeyGate {
  private readonly logger = new Logger(KeyGate.name);

  constructor(
    private readonly keys: ApiKeys,
    private readonly config: AppConfig,
    private readonly sessions: KeySessions,
  ) {}

  readonly handle = (request: Request, response: Response, next: NextFunction): void => {
    this.admit(request, response, next).catch((error: unknown) => {
      sendError(response, toAppError(error, `in ${request.method} ${request.path}`, this.logger));
    });
  };

  private async admit(request: Request, response: Response, next: NextFunction): Promise<void> {
    if (!isAnsweredWithoutKeys(request, this.config) && !(await this.keys.areAskedFor())) {
      throw new HostNotAllowedError(request.headers.host, 'and without API keys only names of its own are answered.');
    }
    if (isOpen(request.path) || METRICS.test(request.path)) return next();
    if (OPERATOR_PAGES.test(request.path)) return this.admitOperator(request, response, next);
    const key = requestKey(request);
    const caller = await this.callerOf(key, request);
    if (caller === null) throw new UnauthorizedError(key !== undefined);
    addToLog({ owner: caller.owner });
    runAs(caller.owner, next);
  }

  /** A key that is sent counts, whatever session the browser has. */
  private async callerOf(key: string | undefined, request: Request): Promise<Caller | null> {
    return (await this.keys.callerOf(key)) ?? (key === undefined ? this.sessions.callerOf(request) : null);
  }

  private async admitOperator(request: Request, response: Response, next: NextFunction): Promise<void> {
    const key = pageKey(request);
    const caller = await this.callerOf(key, request);
    if (caller?.isOperator) {
      addToLog({ owner: caller.owner });
      return runAs(caller.owner, next);
    }
    const isBrowser = request.accepts(['json', 'html']) === 'html';
    if (isBrowser) response.setHeader('WWW-Authenticate', 'Basic realm="Operators", charset="UTF-8"');
    throw new OperatorsOnlyError(key !== undefined);
  }
}
