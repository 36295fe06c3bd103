import { describe, expect, it } from 'vitest';
import { type KeptSnapshot, snapshotsToDrop } from './snapshot-policy.js';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 23);

/** A number is a position; a pinned one is written as a text. `age` gives the days since it was written. */
const snapshots = (positions: (number | string)[], age: (index: number) => number = () => 0): KeptSnapshot[] =>
  positions.map((position, i) => ({
    position: Number(position),
    pinned: typeof position === 'string',
    createdAt: new Date(NOW - age(i) * DAY_MS),
  }));
const left = (given: KeptSnapshot[], kept: number, retentionDays?: number) => {
  const expiredBefore = retentionDays === undefined ? null : new Date(NOW - retentionDays * DAY_MS);
  const dropped = snapshotsToDrop(given, { kept, expiredBefore });
  return given.map(({ position }) => position).filter((position) => !dropped.includes(position));
};

describe('snapshotsToDrop', () => {
  it('drops nothing while there are few', () => {
    expect(left([], 4)).toEqual([]);
    expect(left(snapshots([3]), 2)).toEqual([3]);
    expect(left(snapshots([1, 2, 3, 4]), 4)).toEqual([1, 2, 3, 4]);
  });

  it('drops the one whose neighbours are closest, never one of the two newest', () => {
    expect(left(snapshots([1, 10, 12, 20, 30, 31]), 5)).toEqual([1, 10, 20, 30, 31]);
    expect(left(snapshots([1, 10, 20, 28, 30, 31]), 4)).toEqual([1, 20, 30, 31]);
  });

  it('spreads what is left when one is written after the other', () => {
    let now: KeptSnapshot[] = [];
    for (let position = 1; position <= 200; position++) {
      now = [...now, ...snapshots([position])];
      const positions = left(now, 8);
      now = now.filter((snapshot) => positions.includes(snapshot.position));
    }
    const positions = now.map(({ position }) => position);
    expect(positions).toHaveLength(8);
    expect([positions[0], ...positions.slice(-2)]).toEqual([1, 199, 200]);
    const gaps = positions.slice(1, -1).map((position, i) => position - positions[i]!);
    // Even up to a factor of two, as with every rule that cannot put back what it has dropped; the newest are denser.
    expect(Math.max(...gaps)).toBeLessThanOrEqual((2 * 200) / 6);
  });

  it('keeps what the log cannot repeat, even beyond the number', () => {
    expect(left(snapshots([1, '10', '11', '12', 30, 31]), 3)).toEqual([10, 11, 12, 30, 31]);
    expect(left(snapshots(['1', '10', '11', 30, 31]), 2)).toEqual([1, 10, 11, 30, 31]);
  });

  it('gives up the oldest only where nothing else is left', () => {
    expect(left(snapshots([1, 10, 20, 30]), 3)).toEqual([1, 20, 30]);
    expect(left(snapshots([1, 20, 30]), 2)).toEqual([20, 30]);
  });

  it('drops old ones, pinned or not, but for the base of the first state that is still asked for', () => {
    const age = (i: number) => 10 - i;
    expect(left(snapshots([1, '2', 3, 4, 5, 6, 7], age), 9, 6.5)).toEqual([4, 5, 6, 7]);
    expect(left(snapshots([1, '2', 3, 4, 5, 6, 7], age), 9, 20)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('keeps the two newest however old they are', () => {
    expect(
      left(
        snapshots([1, 2, 3, 4], () => 100),
        9,
        1,
      ),
    ).toEqual([3, 4]);
    expect(
      left(
        snapshots([1], () => 100),
        9,
        1,
      ),
    ).toEqual([1]);
  });
});
