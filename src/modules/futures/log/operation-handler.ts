import { SetMetadata } from '@nestjs/common';
import { type OperationData } from '../../../domain/operation-data.js';
import { type OperationKind } from '../../../domain/operation.js';
import { type Operation, type OperationOutcome } from './operation.js';

export const HANDLED_OPERATION = Symbol('handled operation kind');
export const PRESENTED_OPERATIONS = Symbol('presented operation kinds');

/** Marks the one class that executes operations of this kind. Start-up fails on a gap or a duplicate. */
export const HandlesOperation = (kind: OperationKind) => SetMetadata(HANDLED_OPERATION, kind);

/** Executes one kind of operation in the worker. Runs of one adapter never overlap, except read-only kinds. */
export abstract class OperationHandler {
  /** Returns the result to store; an AppError thrown here is stored with its code and category. */
  abstract run(operation: Operation): Promise<OperationOutcome>;
}

/** Marks the class that turns stored results of these kinds into JSON for the root routes. */
export const PresentsResult = (...kinds: OperationKind[]) => SetMetadata(PRESENTED_OPERATIONS, kinds);

/** Kinds without a presenter answer with the result's JSON part as it is. */
export abstract class ResultPresenter {
  abstract present(result: OperationData): Record<string, unknown>;
}
