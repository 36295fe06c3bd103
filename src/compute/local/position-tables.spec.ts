import { describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../test/support/fake-backend/fake-backend.js';
import { MASKED, PositionTables } from './position-tables.js';

describe('PositionTables', () => {
  it('lets a token see itself and what comes before it', () => {
    const { shape, data } = new PositionTables(FAKE_MODEL.config).causalMask(3);
    expect(shape).toEqual([3, 1, 3]);
    expect([...data].map(Number)).toEqual([0, MASKED, MASKED, 0, 0, MASKED, 0, 0, 0]);
    // What is masked gets no weight at all, whatever the scores.
    expect(Math.fround(Math.exp(MASKED + 1e4))).toBe(0);
  });

  it('counts positions from 0 in each sequence', () => {
    const feeds = new Map(new PositionTables(FAKE_MODEL.config).forSequences([3, 2], 3));
    expect(feeds.get('positions')).toMatchObject({ shape: [5, 1], data: BigInt64Array.of(0n, 1n, 2n, 0n, 1n) });
    expect([...feeds.keys()]).toEqual(['positions', 'cos', 'sin', 'negativeSin']);
  });

  it('has rotary tables that reach as far as asked, and keeps those it has', () => {
    const tables = new PositionTables(FAKE_MODEL.config);
    const rows = (positions: number) => new Map(tables.rotary(positions)).get('cos')!;
    const first = rows(10);
    expect(first.shape[0]).toBeGreaterThanOrEqual(10);
    expect(rows(20).data).toBe(first.data);
    const longer = rows(first.shape[0]! + 1);
    expect(longer.shape[0]).toBeGreaterThan(first.shape[0]!);
    expect(longer.data.slice(0, first.data.length)).toEqual(first.data);
    expect(rows(10).data).toBe(longer.data);
  });

  it('keeps only some masks, and makes the others again', () => {
    const tables = new PositionTables(FAKE_MODEL.config);
    const first = tables.causalMask(2);
    expect(tables.causalMask(2)).toBe(first);
    for (let length = 3; length < 40; length++) tables.causalMask(length);
    expect(tables.causalMask(2)).not.toBe(first);
    expect(tables.causalMask(2)).toEqual(first);
  });
});
