import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/**
 * The parsed body as it came, for routes that have a reader of their own. With @Body() the application's validation pipe
 * would walk it, which takes tens of milliseconds for the thousands of short lists of a training request, or drop fields
 * it has no class for.
 */
export const JsonBody = createParamDecorator(
  (_: unknown, context: ExecutionContext): unknown => context.switchToHttp().getRequest<Request>().body,
);
