import { SetMetadata } from '@nestjs/common';
import { type Operation } from './operation.js';

export const OBSERVES_OPERATIONS = Symbol('observes operations');

/** Marks an OperationObserver; the dispatcher finds it. */
export const ObservesOperations = () => SetMetadata(OBSERVES_OPERATIONS, true);

/**
 * Told by the dispatcher about what runs, inside the adapter's line: until the promise resolves, no other operation of
 * that adapter starts (read-only ones may still be running). A failure is logged and changes nothing.
 */
export abstract class OperationObserver {
  /** The operation's outcome has been stored. */
  abstract settled(operation: Operation, outcome: 'completed' | 'failed'): Promise<void>;
  /** Nothing runs any more and the backend is still up: the last chance to write state down. */
  abstract drained(): Promise<void>;
  /** Another worker has computed meanwhile and every adapter in memory was dropped: forget what you know of them. */
  dropped(): Promise<void> {
    return Promise.resolve();
  }
}
