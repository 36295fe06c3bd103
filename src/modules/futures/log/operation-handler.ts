import { type OperationData } from '../../../domain/operation-data.js';
import { type OperationKind } from '../../../domain/operation.js';
import { type OperationOutcome } from '../../../operations/operation-outcome.js';
import { type Operation } from './operation.js';

/** Executes operations in the worker. Runs of one adapter never overlap, except those of read-only kinds. */
export abstract class OperationHandler {
  /** The kinds it executes. A worker does not start when a kind has no handler, or more than one. */
  abstract readonly kinds: readonly OperationKind[];

  /** Returns the outcome to store; an AppError thrown here is stored with its code and category. */
  abstract run(operation: Operation): Promise<OperationOutcome>;
}

/** Turns stored results into JSON for the root routes; without a presenter, they answer the result's JSON part. */
export abstract class ResultPresenter {
  abstract readonly kinds: readonly OperationKind[];

  abstract present(result: OperationData): Record<string, unknown>;
}
