/** What decides whether a snapshot of an adapter is kept. */
export interface KeptSnapshot {
  readonly position: number;
  /** It holds what the log cannot repeat. */
  readonly pinned: boolean;
  readonly createdAt: Date;
}

export interface SnapshotLimits {
  /** Most of them. */
  readonly kept: number;
  /** States from before this time are not asked for any more; null: they always are. */
  readonly expiredBefore: Date | null;
}

/** A damaged snapshot must not be the only one. */
const ALWAYS = 2;

/**
 * Positions of the snapshots of one adapter to delete, given oldest first. Old ones go by age, up to the one that the
 * first state still asked for is rebuilt from. Of the rest, more than `kept` are thinned out: each time the one whose
 * neighbours are closest, so that what is left is spread evenly and every state is near one. The two newest stay in any
 * case; pinned ones are not thinned out, and the oldest, from which all that follows can be rebuilt, goes last.
 */
export function snapshotsToDrop(snapshots: readonly KeptSnapshot[], { kept, expiredBefore }: SnapshotLimits): number[] {
  const expired = expiredBefore === null ? [] : snapshots.filter(({ createdAt }) => createdAt < expiredBefore);
  const dropped = expired.slice(0, Math.max(0, Math.min(expired.length - 1, snapshots.length - ALWAYS)));
  const left = snapshots.filter((snapshot) => !dropped.includes(snapshot));
  while (left.length > kept) {
    const index = closest(left);
    if (index < 0) break;
    for (const snapshot of left.splice(index, 1)) dropped.push(snapshot);
  }
  return dropped.map(({ position }) => position);
}

/** Index of the snapshot that is missed least; -1 when none may go. */
function closest(snapshots: readonly KeptSnapshot[]): number {
  let best = -1;
  let smallest = Infinity;
  const last = snapshots.length - ALWAYS;
  for (let i = 1; i < last; i++) {
    const [before, snapshot, after] = snapshots.slice(i - 1, i + 2);
    const gap = (after?.position ?? 0) - (before?.position ?? 0);
    if (snapshot?.pinned === true || gap >= smallest) continue;
    best = i;
    smallest = gap;
  }
  if (best >= 0 || last < 1) return best;
  return snapshots[0]?.pinned === false ? 0 : -1;
}
