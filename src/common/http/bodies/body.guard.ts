import { type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import type { Request, Response } from 'express';
import { readsLargeBodies } from './large-body.js';
import { type RequestBodies } from './request-bodies.js';

/** Methods whose bodies no route of ours reads. */
const BODILESS = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE']);

/**
 * Reads the body of a request for the routes that take one. A guard, because it comes after the key gate and only for
 * routes that exist: what is sent to any other address is never read.
 */
export class BodyGuard implements CanActivate {
  constructor(private readonly bodies: RequestBodies) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const handler = context.getHandler();
    if (BODILESS.has(request.method) || !takesArguments(context.getClass(), handler.name)) return true;
    const large = readsLargeBodies(handler);
    return this.bodies.read(request, http.getResponse<Response>(), large).then(() => true);
  }
}

/** A handler without any takes no body either. */
function takesArguments(controller: object, method: string): boolean {
  return Reflect.hasMetadata(ROUTE_ARGS_METADATA, controller, method);
}
