import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { currentOwner } from '../../../common/caller.js';
import { ApiKeys } from '../api-keys.js';
import { RateLimitedError } from '../errors/rate-limited.error.js';
import { scopesOfRoute } from '../scopes/route-scopes.js';
import { hasWindows, reachedLimit } from './key-limits.js';
import { KeyWindowsRepository } from './key-windows.repository.js';
import { setRateHeaders } from './rate-headers.js';

/**
 * Counts the requests of keys with limits, and refuses what is too much. Only requests that train or sample count: a
 * client that waits for its results, or reads, uses nothing that others could lack. Keys without limits cost no statement.
 */
@Injectable()
export class QuotaGuard implements CanActivate {
  constructor(
    private readonly keys: ApiKeys,
    private readonly windows: KeyWindowsRepository,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    if (!isCounted(request)) return true;
    const owner = currentOwner();
    const limits = await this.keys.limitsOf(owner);
    if (!hasWindows(limits)) return true;
    const { admitted, uses } = await this.windows.admit(owner, limits);
    setRateHeaders(http.getResponse<Response>(), uses);
    if (admitted) return true;
    const reached = reachedLimit(uses);
    // Between the two statements the window may have ended.
    if (reached === undefined) return true;
    throw new RateLimitedError(reached);
  }
}

function isCounted({ method, route }: Request): boolean {
  const scopes = scopesOfRoute(method, (route as { readonly path: string }).path);
  return scopes !== undefined && scopes !== 'none' && scopes.length === 1 && scopes[0] !== 'read';
}
