import { Injectable, Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { runAs } from '../../common/caller.js';
import { toAppError } from '../../common/errors/internal.error.js';
import { sendError } from '../../common/http/app-exception.filter.js';
import { ApiKeys } from './api-keys.js';
import { basicPassword } from './basic-password.js';
import { OperatorsOnlyError, UnauthorizedError } from './errors/key.errors.js';

/**
 * Answered without a key: what tells nothing about anybody (health, documentation, files of the base models'
 * tokenizers), and downloads, whose address is signed.
 */
const OPEN = [/^\/$/, /^\/favicon\.ico$/, /^\/(api\/v1\/)?healthz$/, /^\/readyz$/, /^\/docs(-json|-yaml|\/|$)/];
const SIGNED_OR_PUBLIC = [/^\/hf\//, /^\/api\/v1\/(archives|files|traces)\//];
/** Express takes paths in any case, so this does, too. */
const FOR_OPERATORS = /^\/admin(\/|$)/i;

/** Whether a route is answered without a key, whatever keys there are. */
export function isOpen(path: string): boolean {
  return [...OPEN, ...SIGNED_OR_PUBLIC].some((open) => open.test(path));
}

/** The first thing a request meets: who is it from? Everything after runs as that owner. */
@Injectable()
export class KeyGate {
  private readonly logger = new Logger(KeyGate.name);

  constructor(private readonly keys: ApiKeys) {}

  readonly handle = (request: Request, response: Response, next: NextFunction): void => {
    if (isOpen(request.path)) return next();
    if (FOR_OPERATORS.test(request.path)) return this.admitOperator(request, response, next);
    const key = request.header('X-API-Key');
    this.keys.callerOf(key).then(
      (caller) => {
        if (caller !== null) return runAs(caller.owner, next);
        sendError(response, new UnauthorizedError(key !== undefined));
      },
      (error: unknown) => this.fail(request, response, error),
    );
  };

  /** Pages for browsers, which cannot send X-API-Key but ask for a password when told to. */
  private admitOperator(request: Request, response: Response, next: NextFunction): void {
    const key = request.header('X-API-Key') ?? basicPassword(request.header('Authorization'));
    this.keys.callerOf(key).then(
      (caller) => {
        if (caller?.isOperator) return runAs(caller.owner, next);
        const isBrowser = request.accepts(['json', 'html']) === 'html';
        if (isBrowser) response.setHeader('WWW-Authenticate', 'Basic realm="Operators", charset="UTF-8"');
        sendError(response, new OperatorsOnlyError(key !== undefined));
      },
      (error: unknown) => this.fail(request, response, error),
    );
  }

  private fail({ method, path }: Request, response: Response, error: unknown): void {
    sendError(response, toAppError(error, `in ${method} ${path}`, this.logger));
  }
}
