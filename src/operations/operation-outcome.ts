import { AppError } from '../common/errors/app-error.js';
import { type OperationData } from '../domain/operation-data.js';
import { type Usage } from '../domain/usage.js';

/** What an operation did to its adapter; stored with the result. */
export interface OperationEffect {
  /** The adapter's number of optimiser steps afterwards. */
  readonly step?: number;
  readonly hasGradients?: boolean;
  /** Hash of the adapter's whole state: a replay must give the same one. */
  readonly digest?: string;
}

/** What running an operation gives, stored in one transaction. */
export interface OperationOutcome {
  readonly result: OperationData;
  readonly effect?: OperationEffect;
  /** The tokens that it used, for kinds that process tokens. */
  readonly usage?: Usage;
}

/**
 * Thrown by an operation that fails and changes its adapter nevertheless. The log keeps it among the operations that
 * changed the adapter, so a replay repeats the effect. The client gets the error unchanged.
 */
export class FailedWithEffectError extends AppError {
  constructor(
    { code, category, status, message, details }: AppError,
    /** The digest marks it in the log. */
    readonly effect: OperationEffect & { readonly digest: string },
  ) {
    super(code, category, status, message, details);
  }
}
