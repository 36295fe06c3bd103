import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ANTHROPIC_VERSION, isAnthropicRequest } from '../../common/http/errors/anthropic-error-body.js';
import { requestIdOf } from '../../common/http/requests/request-id.js';
import { describe, invalid } from '../../common/json/json-fields.js';

/** All that have a Messages API. They differ in what they refuse: answers and streams have one form. */
const VERSIONS = ['2023-06-01', '2026-10-21'];

/** Gives requests their id, and refuses those of another version of the API. */
@Injectable()
export class AnthropicHeadersGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    if (!isAnthropicRequest(request)) return true;
    requestIdOf(http.getResponse<Response>());
    const version = request.header(ANTHROPIC_VERSION);
    if (version === undefined || VERSIONS.includes(version)) return true;
    throw invalid(ANTHROPIC_VERSION, `is ${describe(version)}.`, `Send ${VERSIONS.join(' or ')}, or omit this header.`);
  }
}
