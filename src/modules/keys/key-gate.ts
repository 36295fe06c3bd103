import { Injectable, Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { runAs } from '../../common/caller.js';
import { toAppError } from '../../common/errors/internal.error.js';
import { toErrorBody } from '../../common/http/app-exception.filter.js';
import { ApiKeys } from './api-keys.js';
import { UnauthorizedError } from './errors/key.errors.js';

/**
 * Answered without a key: what tells nothing about anybody (health, documentation, files of the base models'
 * tokenizers), and downloads, whose address is signed.
 */
const OPEN = [/^\/$/, /^\/favicon\.ico$/, /^\/(api\/v1\/)?healthz$/, /^\/readyz$/, /^\/docs(-json|-yaml|\/|$)/];
const SIGNED_OR_PUBLIC = [/^\/hf\//, /^\/api\/v1\/archives\//];

/** The first thing a request meets: who is it from? Everything after runs as that owner. */
@Injectable()
export class KeyGate {
  private readonly logger = new Logger(KeyGate.name);

  constructor(private readonly keys: ApiKeys) {}

  readonly handle = (request: Request, response: Response, next: NextFunction): void => {
    if ([...OPEN, ...SIGNED_OR_PUBLIC].some((path) => path.test(request.path))) return next();
    const key = request.header('X-API-Key');
    this.keys.ownerOf(key).then(
      (owner) => {
        if (owner !== null) return runAs(owner, next);
        refuse(response, new UnauthorizedError(key !== undefined));
      },
      (error: unknown) => refuse(response, toAppError(error, `in ${request.method} ${request.path}`, this.logger)),
    );
  };
}

function refuse(response: Response, error: ReturnType<typeof toAppError>): void {
  response.status(error.status).json(toErrorBody(error));
}
