import { type OperationKind } from '../../domain/operation.js';

/** A completed operation that changed its adapter. */
export interface Change {
  readonly requestId: string;
  readonly position: number;
  readonly kind: OperationKind;
  /** Optimiser steps of the adapter after it, of operations that set them. */
  readonly step: number | null;
  /** Of rewinds: the position they lead back to. */
  readonly target: number | null;
}

/**
 * What led to the adapter as it is now: a rewind leaves out what stood between its target and itself, other rewinds
 * included. Changes are given, and answered, oldest first.
 */
export function currentTimeline(changes: readonly Change[]): Change[] {
  const timeline: Change[] = [];
  let end = Infinity;
  for (const change of changes.toReversed()) {
    if (change.position > end) continue;
    timeline.push(change);
    if (change.target !== null) end = change.target;
  }
  return timeline.reverse();
}

/**
 * The changes of a timeline after which the adapter first reached this number of steps. A rewind is none of
 * them: it is its target once more.
 */
export function changesToStep(timeline: readonly Change[], step: number): Change[] {
  return timeline.filter((change) => change.step === step && change.target === null);
}
