import { type OperationKind } from '../../../domain/operation.js';
import { type QueuePauseEntity } from '../../workers/index.js';
import { type OpenOperations } from '../log/operation-log.repository.js';
import { type QueueDto, type QueueKindDto } from './queue.dto.js';

/** The queue as operators see it. */
export function presentQueue(open: readonly OpenOperations[], pause: QueuePauseEntity | null): QueueDto {
  const kinds = new Map<OperationKind, QueueKindDto>();
  for (const { kind, status, count, oldestS } of open) {
    const one = kinds.get(kind) ?? { kind, pending: 0, running: 0, oldest_s: 0 };
    one[status] = count;
    one.oldest_s = Math.max(one.oldest_s, oldestS);
    kinds.set(kind, one);
  }
  const sum = (status: OpenOperations['status']) =>
    open.reduce((total, one) => total + (one.status === status ? one.count : 0), 0);
  return {
    paused: pause !== null,
    paused_since: pause?.pausedAt.toISOString() ?? null,
    paused_by: pause?.pausedBy ?? null,
    reason: pause?.reason ?? null,
    pending: sum('pending'),
    running: sum('running'),
    kinds: [...kinds.values()].toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
  };
}
