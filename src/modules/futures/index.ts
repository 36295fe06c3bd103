export { FutureAnswers } from './future-answers.js';
export { FuturesModule } from './futures.module.js';
export { FuturesService } from './futures.service.js';
export {
  HANDLED_OPERATION,
  HandlesOperation,
  OperationHandler,
  PresentsResult,
  ResultPresenter,
} from './operation-handler.js';
export { OperationLog, toOperation } from './operation-log.js';
export { OBSERVES_OPERATIONS, ObservesOperations, OperationObserver } from './operation-observer.js';
export type { Accepted, FutureState, NewOperation, Operation } from './operation.js';
export { type OpenLine, OperationLogRepository, type OperationRow } from './repositories/operation-log.repository.js';
