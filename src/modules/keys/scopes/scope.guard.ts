import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { currentOwner } from '../../../common/caller.js';
import { ApiKeys } from '../api-keys.js';
import { MissingScopeError } from '../errors/missing-scope.error.js';
import { scopesOfRoute } from './route-scopes.js';

/** Lets a key use only the routes that one of its scopes allows. The key gate has found out whose key it is. */
@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(private readonly keys: ApiKeys) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const { path } = request.route as { readonly path: string };
    const required = scopesOfRoute(request.method, path);
    if (required === 'none') return true;
    const missing = this.keys.missingScopes(currentOwner(), required);
    if (missing.length > 0) throw new MissingScopeError(missing, this.keys.scopesOf(currentOwner()));
    return true;
  }
}
