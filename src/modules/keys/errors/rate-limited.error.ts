import { AppError } from '../../../common/errors/app-error.js';
import { WINDOW_LIMITS, type WindowUse } from '../limits/key-limits.js';

/** A key has used up what it may use within a minute or a day. */
export class RateLimitedError extends AppError {
  constructor({ limit, allowed, used, resetsAt, resetsInMs }: WindowUse) {
    const name = WINDOW_LIMITS[limit];
    const retryAfterS = Math.max(Math.ceil(resetsInMs / 1000), 1);
    const remedy = `Send the request again in ${retryAfterS} seconds, or ask the operator of the server for a higher limit.`;
    super(
      'rate_limit_exceeded',
      'user',
      429,
      `This API key has reached its limit ${name}: ${used} of ${allowed} are used until ${resetsAt.toISOString()}. ${remedy}`,
      { limit: name, used, allowed, resets_at: resetsAt.toISOString(), retry_after_s: retryAfterS, remedy },
    );
  }
}
