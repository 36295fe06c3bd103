export { AcceptedRequests } from './accepted-requests.js';
export { FutureDto, toFutureDto } from './dto/future.dto.js';
export { GeneratedDto } from './dto/generated.dto.js';
export { DeadlineExceededError } from './errors/deadline-exceeded.error.js';
export { QueueFullError } from './errors/queue-full.error.js';
export { SeqIdReusedError } from './errors/seq-id-reused.error.js';
export { ShuttingDownError } from './errors/shutting-down.error.js';
export { Cancellations } from './giving-up/cancellations.js';
export { FuturesService } from './futures.service.js';
export { ADAPTER_HOLDER, type AdapterHolder, HoldsAdapters } from './log/adapter-holder.js';
export { OperationHandler, ResultPresenter } from './log/operation-handler.js';
export {
  type ChangeRow,
  type HistoryRow,
  type OpenOperations,
  OperationLogRepository,
  type OperationRow,
  type PositionRange,
} from './log/operation-log.repository.js';
export { type Claim, type ClaimedRow, ClaimRepository, type Completion } from './log/claim.repository.js';
export { type LoggedOperation, OperationLog, toOperation } from './log/operation-log.js';
export {
  ListensToOperations,
  OPERATION_LISTENER,
  type OperationListener,
  type SettledOutcome,
} from './log/operation-listener.js';
export { type Accepted, type FutureState, type NewOperation, type Operation } from './log/operation.js';
export { SNAPSHOT_IS_USABLE, NOTIFY_WAITERS, TOOK_EFFECT } from './log/settling-sql.js';
export { QueueLoad } from './queue-load.js';
export { BacklogRepository, type OpenCounts, type OpenOperation } from './repositories/backlog.repository.js';
export { FutureRepository, type FutureSummary, type SettledSample } from './repositories/future.repository.js';
export { checkRequestSize } from './request-size.js';
export { WaiterHub } from './waiter-hub.js';
