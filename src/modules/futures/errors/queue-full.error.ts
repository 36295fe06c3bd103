import { AppError } from '../../../common/errors/app-error.js';

/** Which requests are too many: those of one key that wait, those of all, or those of one key that are not settled. */
export type QueueScope = 'key' | 'server' | 'unfinished';

/** What waits, waits for all that is before it; what is not settled may be soon. */
const RETRY_AFTER_S: Readonly<Record<QueueScope, number>> = { key: 5, server: 5, unfinished: 1 };
const WORDING: Readonly<Record<QueueScope, readonly [requests: string, whoRaises: string]>> = {
  key: ['of your requests are pending', 'raise MAX_QUEUED_PER_KEY on the server'],
  server: ['requests of all clients are pending', 'raise MAX_QUEUED_REQUESTS on the server'],
  unfinished: ['of your operations are not settled', 'ask the operator of the server for a higher limit'],
};

/** Too many requests wait already. Unlike most refusals it passes by itself, so that clients may send the request again. */
export class QueueFullError extends AppError {
  constructor(scope: QueueScope, waiting: number, limit: number) {
    const [what, raise] = WORDING[scope];
    const retryAfterS = RETRY_AFTER_S[scope];
    const remedy = `Wait for results with POST /retrieve_future and retry in ${retryAfterS} seconds, or ${raise}.`;
    super(
      scope === 'unfinished' ? 'too_many_operations' : 'queue_full',
      scope === 'server' ? 'server' : 'user',
      429,
      `${waiting} ${what}; the limit is ${limit}. ${remedy}`,
      { waiting, limit, retry_after_s: retryAfterS, remedy },
    );
  }
}
