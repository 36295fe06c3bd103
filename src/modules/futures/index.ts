export { FuturesModule } from './futures.module.js';
export { FuturesService } from './futures.service.js';
export { HandlesOperation, OperationHandler, PresentsResult, ResultPresenter } from './operation-handler.js';
export { OperationLog } from './operation-log.js';
export { ObservesOperations, OperationObserver } from './operation-observer.js';
export type { Accepted, FutureState, NewOperation, Operation } from './operation.js';
