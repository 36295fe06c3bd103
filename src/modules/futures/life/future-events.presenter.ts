import { type FutureSummary } from '../repositories/future.repository.js';
import { type FutureEventDto, type FutureProgressDto } from './future-event.dto.js';
import { type Follower } from './future-watch.js';
import { type LifeEvent } from './life.js';

export function presentLifeEvent(row: FutureSummary, { name, at, attempt }: LifeEvent): FutureEventDto {
  const { requestId, modelId, kind, workerId, error } = row;
  return {
    request_id: requestId,
    model_id: modelId,
    kind,
    event: name,
    at: at?.toISOString() ?? null,
    attempt,
    worker_id: name === 'queued' ? null : workerId,
    result: name === 'completed' ? { method: 'POST', path: '/retrieve_future', body: { request_id: requestId } } : null,
    error:
      name === 'failed' && error !== null
        ? { code: error.code, category: error.category, message: error.message }
        : null,
  };
}

/** How far an open operation is; null where nothing is known. */
export function presentProgress({ requestId, status }: FutureSummary, follower: Follower): FutureProgressDto | null {
  if (status === 'pending') return { request_id: requestId, queue_position: follower.ahead, tokens: null };
  return follower.tokens > 0 ? { request_id: requestId, queue_position: null, tokens: follower.tokens } : null;
}
