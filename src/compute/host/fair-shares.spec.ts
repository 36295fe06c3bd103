import { beforeEach, describe, expect, it } from 'vitest';
import { FairShares } from './fair-shares.js';

describe('FairShares', () => {
  let time: number;
  let shares: FairShares;
  const enter = (owner: string, weight = 1) => shares.enter('training', { owner, weight });
  const charge = (owner: string, ms: number) => shares.charge('training', [{ owner, tokens: 1 }], ms);

  beforeEach(() => {
    time = 0;
    shares = new FairShares(() => time);
  });

  it('divides the time of a shared call by tokens, with the same for all for the call itself', () => {
    const parts = [
      { owner: 'a', tokens: 10 },
      { owner: 'b', tokens: 52 },
      { owner: 'a', tokens: 22 },
    ];
    shares.charge('generation', parts, 100);
    // (32 + 8) and (52 + 8) of 100.
    expect(shares.usedMs).toEqual(
      new Map([
        ['a', 40],
        ['b', 60],
      ]),
    );
  });

  it('counts the time of a heavier owner for less', () => {
    enter('light');
    enter('heavy', 4);
    charge('light', 100);
    charge('heavy', 200);
    expect([shares.virtualMs('light'), shares.virtualMs('heavy')]).toEqual([100, 50]);
    expect(shares.virtualMs('heavy', 40)).toBe(60);
  });

  it('lets a newcomer, and one that was away, start where the others are', () => {
    const leave = enter('away');
    enter('stays');
    charge('stays', 500);
    charge('away', 100);
    leave();
    charge('stays', 100);
    time += 5000;
    enter('new');
    enter('away');
    expect([shares.virtualMs('new'), shares.virtualMs('away')]).toEqual([600, 600]);
  });

  it('keeps the virtual time of an owner who only takes a breath', () => {
    const leave = enter('quick');
    enter('other');
    charge('other', 500);
    charge('quick', 100);
    leave();
    charge('other', 100);
    time += 50;
    enter('quick');
    expect(shares.virtualMs('quick')).toBe(100);
  });

  it('lets a newcomer start at the time of the last one, where nobody is there', () => {
    const leave = enter('alone');
    charge('alone', 10_000);
    leave();
    time += 5000;
    enter('new');
    expect(shares.virtualMs('new')).toBe(10_000);
  });

  it('tells who is well ahead on a side: with what will be charged, and of those on this side alone', () => {
    enter('a');
    enter('b');
    shares.enter('generation', { owner: 'sampler', weight: 1 });
    charge('a', 200);
    expect(['a', 'b'].map(shares.ahead('training'))).toEqual([false, false]);
    expect(['a', 'b'].map(shares.ahead('training', new Map([['a', 100]])))).toEqual([true, false]);
    charge('b', 1000);
    charge('a', 1000);
    expect(['a', 'b'].map(shares.ahead('training'))).toEqual([false, false]);
    expect(shares.lowest('generation')).toBe(0);
  });

  it('tells nobody to wait where nobody else is there', () => {
    const leave = enter('a');
    charge('a', 10_000);
    expect(shares.ahead('training')('a')).toBe(false);
    leave();
    expect(shares.lowest('training')).toBe(Infinity);
  });
});
