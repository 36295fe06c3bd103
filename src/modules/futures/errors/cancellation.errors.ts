import { AppError } from '../../../common/errors/app-error.js';
import { type OperationKind, type OperationStatus } from '../../../domain/operation.js';

/** A request has ended before it could be cancelled. */
export class AlreadySettledError extends AppError {
  constructor(requestId: string, status: OperationStatus) {
    const remedy = 'Fetch what came of it with POST /retrieve_future.';
    super('already_settled', 'user', 409, `Request ${requestId} is already ${status}. ${remedy}`, { status, remedy });
  }
}

/** A request runs that cannot be stopped without leaving half of its effect. */
export class RunsAlreadyError extends AppError {
  constructor(requestId: string, kind: OperationKind) {
    const remedy = 'Wait for its result; POST /adapters/:id/rewind returns an adapter to an earlier step.';
    const message = `Request ${requestId} runs already, and a running ${kind} cannot be cancelled. ${remedy}`;
    super('already_running', 'user', 409, message, { status: 'running', remedy });
  }
}

/** The server's own bookkeeping depends on it. */
export class CannotBeCancelledError extends AppError {
  constructor(requestId: string, kind: OperationKind) {
    const remedy = 'Wait until it is settled; an adapter that you do not need can be deleted.';
    super('not_cancellable', 'user', 409, `Request ${requestId} is a ${kind}, which cannot be cancelled. ${remedy}`, {
      remedy,
    });
  }
}
