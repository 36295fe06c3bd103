import { SetMetadata } from '@nestjs/common';
import { type Operation } from './operation.js';

export const OBSERVES_OPERATIONS = Symbol('observes operations');

/** 'failed with effect': see FailedWithEffectError. */
export type SettledOutcome = 'completed' | 'failed' | 'failed with effect';

/** Marks an OperationObserver; the dispatcher finds it. */
export const ObservesOperations = () => SetMetadata(OBSERVES_OPERATIONS, true);

/**
 * Told by the dispatcher about what runs, inside the adapter's line: until the promise resolves, no other operation of
 * that adapter starts (read-only ones may still be running). A failure is logged and changes nothing.
 */
export abstract class OperationObserver {
  /** The operation's outcome has been stored. */
  abstract settled(operation: Operation, outcome: SettledOutcome): Promise<void>;
  /** Nothing runs any more and the backend is still up: the last chance to write state down. */
  abstract drained(): Promise<void>;
  /** Is something of the adapter kept in memory? */
  holds(_adapterId: string): boolean {
    return false;
  }
  /** Adapters that had better leave the memory, because they have not been used for long or others need the room. */
  surplus(): readonly string[] {
    return [];
  }
  /** Writes the adapter's state down and frees its memory. Runs in the adapter's line. */
  unload(_adapterId: string): Promise<void> {
    return Promise.resolve();
  }
  /** Another worker has the adapter now, or the engine has lost it: forget what you know of it. */
  dropped(_adapterId: string): Promise<void> {
    return Promise.resolve();
  }
}
