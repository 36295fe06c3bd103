import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Request, Response } from 'express';
import { AppError } from '../../errors/app-error.js';
import { toAppError } from '../../errors/internal.error.js';
import { allowedMethods } from '../allowed-methods.js';
import { isAnthropicRequest, toAnthropicErrorBody, toAnthropicStatus } from './anthropic-error-body.js';
import { toBodyError } from '../bodies/body.errors.js';
import { type ErrorDto } from './error.dto.js';
import { isOpenAiRoute, toOpenAiErrorBody } from './openai-error-body.js';
import { requestIdOf } from '../requests/request-id.js';
import { MethodNotAllowedError, RouteNotFoundError } from './route.errors.js';

export function toErrorBody(error: AppError): ErrorDto {
  const { code, category, message, details, status } = error;
  const known = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
  return {
    error: { code, category, message, ...(Object.keys(known).length > 0 && { details: known }) },
    status_code: status,
  };
}

/** Answers with an error in the form of the route's API, and with the headers that belong to it. */
export function sendError(response: Response, error: AppError): void {
  const { retry_after_s: retryAfterS } = error.details;
  if (retryAfterS !== undefined) response.setHeader('Retry-After', retryAfterS);
  if (isAnthropicRequest(response.req)) {
    response.status(toAnthropicStatus(error.status)).json(toAnthropicErrorBody(error, requestIdOf(response)));
    return;
  }
  const body = isOpenAiRoute(response.req.path) ? toOpenAiErrorBody(error) : toErrorBody(error);
  response.status(error.status).json(body);
}

/** Answers every error: one thrown by us as it is, one by Nest or Express as what the client did wrong, any other as a 500. */
@Catch()
export class AppExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const error = this.toAppError(exception, request);
    if (response.headersSent) {
      // The answer has begun (a stream): all that is left is to end it visibly broken.
      response.destroy();
      return;
    }
    if (error instanceof MethodNotAllowedError) response.setHeader('Allow', error.allowed.join(', '));
    sendError(response, error);
  }

  private toAppError(exception: unknown, request: Request): AppError {
    if (exception instanceof NotFoundException) return this.toRouteError(request);
    if (exception instanceof HttpException && exception.getStatus() < 500) {
      return new AppError(
        'invalid_request',
        'user',
        exception.getStatus(),
        exception.message,
        { remedy: '/docs describes every route and its fields.' },
        { cause: exception },
      );
    }
    return toAppError(toBodyError(exception), `in ${request.method} ${request.path}`, this.logger);
  }

  private toRouteError({ method, path }: Request): AppError {
    const allowed = allowedMethods(this.adapterHost.httpAdapter.getInstance(), path);
    return allowed.length > 0 ? new MethodNotAllowedError(method, path, allowed) : new RouteNotFoundError(method, path);
  }
}
