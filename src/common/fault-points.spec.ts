import { describe, expect, it } from 'vitest';
import { type Fault, FaultPoints, parseFault } from './fault-points.js';

describe('a fault', () => {
  it.each<[string, Fault]>([
    ['result-computed', { point: 'result-computed', signal: 'SIGKILL', nth: 1 }],
    ['result-computed:kill@3', { point: 'result-computed', signal: 'SIGKILL', nth: 3 }],
    ['snapshot-renamed:stop', { point: 'snapshot-renamed', signal: 'SIGSTOP', nth: 1 }],
    ['request-inserted@12', { point: 'request-inserted', signal: 'SIGKILL', nth: 12 }],
  ])('is read from %s', (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  it.each(['', 'nowhere', 'result-computed@0', 'result-computed@', 'result-computed:crash', 'result-computed@2:stop'])(
    'is not read from %j',
    (text) => {
      expect(() => parseFault(text)).toThrow(/must be <point>.*with one of the points request-inserted, lease-written/);
    },
  );
});

describe('fault points', () => {
  const points = (...texts: string[]) => {
    const raised: string[] = [];
    return { raised, faults: new FaultPoints(texts.map(parseFault), (signal) => raised.push(signal)) };
  };

  it('do nothing where no fault is planned', () => {
    const { raised, faults } = points();
    faults.reach('result-written');
    expect(raised).toEqual([]);
  });

  it('raise the signal at the n-th time and at no other', () => {
    const { raised, faults } = points('result-written@2');
    const counts = [1, 2, 3].map(() => {
      faults.reach('result-written');
      faults.reach('result-computed');
      return raised.length;
    });
    expect(counts).toEqual([0, 1, 1]);
    expect(raised).toEqual(['SIGKILL']);
  });

  it('can be planned several times, at several points', () => {
    const { raised, faults } = points('operation-claimed:stop', 'operation-claimed@2', 'result-written:stop');
    for (const point of ['operation-claimed', 'operation-claimed', 'result-written'] as const) faults.reach(point);
    expect(raised).toEqual(['SIGSTOP', 'SIGKILL', 'SIGSTOP']);
  });
});
