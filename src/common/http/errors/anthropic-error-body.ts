import type { Request } from 'express';
import { type AppError } from '../../errors/app-error.js';
import { type AnthropicErrorDto } from './error.dto.js';

export const ANTHROPIC_VERSION = 'anthropic-version';

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

export function isAnthropicRoute(path: string): boolean {
  return /^\/v1\/messages(\/|$)/.test(path);
}

/** Both dialects have routes under /v1; only Anthropic's clients send the version of their API. */
export function isAnthropicRequest({ path, headers }: Pick<Request, 'path' | 'headers'>): boolean {
  return isAnthropicRoute(path) || (path.startsWith('/v1/') && headers[ANTHROPIC_VERSION] !== undefined);
}

/** Anthropic's status for a service that is not available at the moment. */
export function toAnthropicStatus(status: number): number {
  return status === 503 ? 529 : status;
}

export function toAnthropicErrorBody(
  { status, code, message, details }: AppError,
  requestId: string,
): AnthropicErrorDto {
  const type = TYPES[toAnthropicStatus(status)] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return {
    type: 'error',
    error: { type, message, details: { error_code: code, ...details } },
    request_id: requestId,
  };
}
