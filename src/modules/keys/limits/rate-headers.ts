import type { Response } from 'express';
import { isAnthropicRequest } from '../../../common/http/errors/anthropic-error-body.js';
import { isOpenAiRoute } from '../../../common/http/errors/openai-error-body.js';
import { type WindowUse } from './key-limits.js';

/** Says in the headers of the caller's dialect what is left; of a minute and a day that of which less is left. */
export function setRateHeaders(response: Response, uses: readonly WindowUse[]): void {
  const { req: request } = response;
  for (const what of ['requests', 'tokens'] as const) {
    const [use] = uses.filter(({ limit }) => limit.startsWith(what)).toSorted((a, b) => shareLeft(a) - shareLeft(b));
    if (use === undefined) continue;
    const remaining = Math.max(use.allowed - use.used, 0);
    if (isAnthropicRequest(request)) {
      response.setHeader(`anthropic-ratelimit-${what}-limit`, use.allowed);
      response.setHeader(`anthropic-ratelimit-${what}-remaining`, remaining);
      response.setHeader(`anthropic-ratelimit-${what}-reset`, use.resetsAt.toISOString());
    } else if (isOpenAiRoute(request.path)) {
      response.setHeader(`x-ratelimit-limit-${what}`, use.allowed);
      response.setHeader(`x-ratelimit-remaining-${what}`, remaining);
      response.setHeader(`x-ratelimit-reset-${what}`, duration(use.resetsInMs));
    }
  }
}

function shareLeft({ used, allowed }: WindowUse): number {
  return (allowed - used) / allowed;
}

/** As OpenAI writes it: `17ms`, `6s`, `6m0s`, `5h0m6s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(Math.ceil(ms), 0)}ms`;
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}h` : ''}${seconds >= 60 ? `${minutes}m` : ''}${seconds % 60}s`;
}
