export { AcceptedRequests } from './accepted-requests.js';
export { FailedWithEffectError } from './errors/failed-with-effect.error.js';
export { GeneratedSequenceDto, GenerateUsageDto } from './dto/generated.dto.js';
export { QueueFullError } from './errors/queue-full.error.js';
export { FuturesModule } from './futures.module.js';
export { FuturesService } from './futures.service.js';
export { QueueLoad } from './queue-load.js';
export {
  HANDLED_OPERATION,
  HandlesOperation,
  OperationHandler,
  PresentsResult,
  ResultPresenter,
} from './operation-handler.js';
export { type LoggedOperation, OperationLog, toOperation } from './operation-log.js';
export {
  OBSERVES_OPERATIONS,
  ObservesOperations,
  OperationObserver,
  type SettledOutcome,
} from './operation-observer.js';
export type { Accepted, FutureState, NewOperation, Operation, OperationOutcome } from './operation.js';
export type { FutureSummary, SettledSample } from './repositories/future.repository.js';
export {
  type ChangeRow,
  type Claim,
  type Completion,
  type HistoryRow,
  OperationLogRepository,
  type ClaimedRow,
  type OperationRow,
  type PositionRange,
} from './repositories/operation-log.repository.js';
export { SNAPSHOT_IS_USABLE, TELL_WAITERS, TOOK_EFFECT } from './repositories/settling-sql.js';
export { checkRequestSize } from './request-size.js';
