import { AppError } from '../../../common/errors/app-error.js';

const RETRY_AFTER_S = 5;

/** Whose requests are too many: those of one key, or all. */
export type QueueScope = 'key' | 'server';

/** Too many requests wait already. Unlike most refusals it passes by itself, so that clients may send the request again. */
export class QueueFullError extends AppError {
  constructor(scope: QueueScope, waiting: number, limit: number) {
    const [whose, setting] =
      scope === 'key' ? ['of your requests', 'MAX_QUEUED_PER_KEY'] : ['requests of all clients', 'MAX_QUEUED_REQUESTS'];
    const remedy =
      `Wait for results with POST /retrieve_future and retry in ${RETRY_AFTER_S} seconds, or raise ${setting} ` +
      'on the server.';
    super(
      'queue_full',
      scope === 'key' ? 'user' : 'server',
      429,
      `${waiting} ${whose} are pending; the limit is ${limit}. ${remedy}`,
      { waiting, limit, retry_after_s: RETRY_AFTER_S, remedy },
    );
  }
}
