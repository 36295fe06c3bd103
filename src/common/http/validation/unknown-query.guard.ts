import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/internal';
import type { Request } from 'express';
import { invalid } from '../../json/json-fields.js';
import { shortened } from '../../shortened.js';
import { acceptsUnknownFields } from './accepts-unknown-fields.js';

/**
 * Refuses query parameters on routes that have none (those with some validate them): a filter or a page that is silently
 * ignored is worse than an error. Not on controllers that say @AcceptsUnknownFields().
 */
@Injectable()
export class UnknownQueryGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { method, path, query } = context.switchToHttp().getRequest<Request>();
    const [name] = Object.keys(query);
    if (name === undefined || acceptsUnknownFields(context.getClass()) || readsQuery(context)) return true;
    throw invalid(
      shortened(name),
      `is not a query parameter of ${method} ${shortened(path, 80)}.`,
      'Remove it; this route has no query parameters.',
    );
  }
}

function readsQuery(context: ExecutionContext): boolean {
  const args: object =
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name) as object | undefined) ??
    {};
  return Object.keys(args).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
}
