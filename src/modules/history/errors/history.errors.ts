import { ConflictError, InvalidRequestError, NotFoundError } from '../../../common/errors/request.errors.js';

const LIST = 'GET /adapters/{model_id}/history lists the available steps.';

/** Neither step nor request_id, or both. */
export class HistoryPointError extends InvalidRequestError {
  constructor() {
    const remedy = 'Pass either "step" or "request_id".';
    super(`The position in the history is ambiguous. ${remedy}`, { field: 'step', remedy });
  }
}

/** The adapter's current history has no such step. */
export class UnknownStepError extends NotFoundError {
  /** @param isAnyNameless whether there are optimiser steps of an earlier version, which did not number them */
  constructor(modelId: string, step: number, known: readonly number[], isAnyNameless: boolean) {
    const [first, last] = [known.reduce((a, b) => Math.min(a, b), Infinity), known.reduce((a, b) => Math.max(a, b), 0)];
    const range = known.length === 0 ? 'none' : `${first} to ${last}`;
    const nameless = isAnyNameless ? 'and those made before the server was upgraded, which have no number here, ' : '';
    const remedy =
      `Steps in its history: ${range}. To return to steps that a rewind has undone, ${nameless}pass their request_id. ` +
      LIST;
    super('Step', `${step} of ${modelId}`, { field: 'step', remedy });
  }
}

/** The step may come, but what leads to it still waits. */
export class StepNotReachedError extends ConflictError {
  constructor(modelId: string, what: string, field: string) {
    const remedy = 'Retrieve the results of earlier requests, then try again.';
    super(`${what} of adapter '${modelId}' is not completed yet. ${remedy}`, { field, remedy });
  }
}

/** Several requests led to the step (weights were loaded in between). */
export class AmbiguousStepError extends ConflictError {
  constructor(modelId: string, step: number, requestIds: readonly string[]) {
    const remedy = `Choose one by its "request_id": ${requestIds.slice(-10).join(', ')}.`;
    super(`Adapter '${modelId}' has reached step ${step} ${requestIds.length} times. ${remedy}`, {
      field: 'step',
      remedy,
    });
  }
}

/** The request is none that changed this adapter. */
export class NotInHistoryError extends NotFoundError {
  constructor(modelId: string, requestId: string) {
    const remedy = `Only completed requests that changed the adapter can be used, and old ones are deleted. ${LIST}`;
    super('Entry', `${requestId} in the history of ${modelId}`, { field: 'request_id', remedy });
  }
}

/** What the state would be rebuilt from is no longer kept. */
export class OutOfLogError extends ConflictError {
  constructor(modelId: string, requestId: string) {
    const remedy = 'Choose a later step, or load a checkpoint with POST /load_weights.';
    super(
      `The state of adapter '${modelId}' after ${requestId} can no longer be rebuilt: the log or the state snapshot before it is ` +
        `older than FUTURE_RETENTION_HOURS. ${remedy}`,
      { field: 'request_id', remedy },
    );
  }
}
