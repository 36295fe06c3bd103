import { SetMetadata } from '@nestjs/common';
import { type Operation } from './operation.js';

export const OPERATION_LISTENER = Symbol('operation listener');

/** 'failed with effect': see FailedWithEffectError. */
export type SettledOutcome = 'completed' | 'failed' | 'failed with effect';

/**
 * Notified of operations as a worker runs them, inside the adapter's queue: until the promise resolves, no other
 * operation of that adapter starts (read-only ones may still be running). A failure is logged and changes nothing.
 */
export interface OperationListener {
  /** The operation's turn has come: its handler runs next. */
  begun?(operation: Operation): Promise<void>;
  /** The operation's outcome has been stored, or the operation goes back into its queue after a failure. */
  settled(operation: Operation, outcome: SettledOutcome): Promise<void>;
}

/** Marks an OperationListener; the worker finds it. */
export function ListensToOperations() {
  return (target: abstract new (...dependencies: never[]) => OperationListener): void => {
    SetMetadata(OPERATION_LISTENER, true)(target);
  };
}
