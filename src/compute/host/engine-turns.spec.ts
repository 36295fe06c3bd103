import { describe, expect, it } from 'vitest';
import { EngineTurns } from './engine-turns.js';
import { FairShares } from './fair-shares.js';

type SideName = 'training' | 'generation';

/** Turns on a clock that only calls move. */
function virtualEngine() {
  let time = 0;
  let running = 0;
  const turns = new EngineTurns(new FairShares(() => time), () => time);
  const taken: SideName[] = [];
  const used = { training: 0, generation: 0 };
  const call = (side: SideName, ms: number, fail = false) =>
    turns[side](async () => {
      expect(++running).toBe(1);
      await Promise.resolve();
      taken.push(side);
      time += ms;
      used[side] += ms;
      running--;
      if (fail) throw new Error('no memory');
      return time;
    });
  return { call, taken, used, turns };
}

/** Makes calls one after another, as a pass makes its runs. */
async function calls(engine: ReturnType<typeof virtualEngine>, side: SideName, count: number, ms: number) {
  for (let i = 0; i < count; i++) await engine.call(side, ms);
}

describe('the engine, used by training and generations', () => {
  it('runs one call at a time, the oldest of a side first', async () => {
    const engine = virtualEngine();
    const ended: number[] = [];
    const three = [1, 2, 3].map((n) => engine.call('training', 5).then(() => ended.push(n)));
    await Promise.all(three);
    expect(ended).toEqual([1, 2, 3]);
  });

  it('gives each side half of its time, however long the calls of each take', async () => {
    const engine = virtualEngine();
    const training = calls(engine, 'training', 4, 100);
    const generation = calls(engine, 'generation', 40, 10);
    await training;
    // When the training ended, the other side had had as much, give or take one call.
    const steps = engine.taken.lastIndexOf('training') + 1 - 4;
    expect(steps).toBeGreaterThanOrEqual(29);
    expect(steps).toBeLessThanOrEqual(40);
    await generation;
    expect(engine.used).toEqual({ training: 400, generation: 400 });
  });

  it('lets nobody wait for more than one call of the other side', async () => {
    const engine = virtualEngine();
    const training = calls(engine, 'training', 5, 50);
    await engine.call('generation', 10);
    expect(engine.taken).toEqual(['training', 'generation']);
    await training;
  });

  it('keeps nothing for a side that was idle', async () => {
    const engine = virtualEngine();
    await calls(engine, 'training', 10, 100);
    const generation = calls(engine, 'generation', 100, 10);
    const training = calls(engine, 'training', 3, 100);
    await training;
    // With what it did not use before, it would have taken all of its 100 turns at once.
    const before = engine.taken.lastIndexOf('training') - 12;
    expect(before).toBeLessThan(35);
    await generation;
  });

  it('charges no side for having had the engine alone', async () => {
    const engine = virtualEngine();
    await calls(engine, 'generation', 50, 10);
    const training = calls(engine, 'training', 8, 10);
    await calls(engine, 'generation', 4, 10);
    expect(engine.taken.slice(50).filter((side) => side === 'training').length).toBeLessThanOrEqual(5);
    await training;
  });

  it('keeps the turn for a side that computes something between two calls, but not for one that does not come', async () => {
    const engine = virtualEngine();
    const long = Array.from({ length: 4 }, () => engine.call('training', 100));
    await calls(engine, 'generation', 3, 10);
    expect(engine.taken).toEqual(['training', 'generation', 'generation', 'generation']);
    await Promise.all(long);
    expect(engine.taken.slice(4)).toEqual(['training', 'training', 'training']);
  });

  it('starts the next call before the caller of the last one goes on', async () => {
    const engine = virtualEngine();
    const order: string[] = [];
    const first = engine.turns.training(async () => order.push('first')).then(() => order.push('caller goes on'));
    const second = engine.turns.training(async () => order.push('second'));
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second', 'caller goes on']);
  });

  it('goes on after a call that fails, also at once', async () => {
    const engine = virtualEngine();
    const failed = engine.call('training', 5, true);
    const thrown = engine.turns.generation(() => {
      throw new TypeError('at once');
    });
    await expect(failed).rejects.toThrow('no memory');
    await expect(thrown).rejects.toThrow('at once');
    expect(await engine.call('training', 5)).toBe(10);
  });
});
