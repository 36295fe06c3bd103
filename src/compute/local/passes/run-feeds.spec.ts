import { describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../../test/support/fake-backend/fake-backend.js';
import { packedRun } from '../../../../test/support/engines/packed-run.js';
import { integers, widened } from '../../../../test/support/models/ragged-builders.js';
import { coefficientFeed, type PackedRun } from './run-feeds.js';
import { PositionTables } from '../position-tables.js';

const tables = new PositionTables(FAKE_MODEL.config);
/** Positions 1 and 3 are not wanted. */
const ITEM = {
  tokens: integers([10, 11], [20, 21, 22], [30]),
  targets: integers([11, 12], [21, 22, 23], [31]),
  scored: Uint8Array.of(1, 0, 1, 0, 1, 1),
};

const feed = ({ feeds }: PackedRun, name: string) => [...feeds.get(name)!.data].map(Number);

describe('packRun', () => {
  const packed = packedRun(ITEM, [1, 2, 0], tables);

  it('lays tokens end to end in the order of the datums', () => {
    expect(feed(packed, 'tokens')).toEqual([20, 21, 22, 30, 10, 11]);
    expect(packed.parts[0]!.tokenDatums).toEqual({
      rows: 6,
      runs: [
        { datum: 1, start: 0, length: 3 },
        { datum: 2, start: 3, length: 1 },
        { datum: 0, start: 4, length: 2 },
      ],
    });
  });

  it('maps the heads of each row to the padded layout and back', () => {
    const twoHeads = packedRun(ITEM, [1, 2, 0], new PositionTables({ ...FAKE_MODEL.config, kvHeadCount: 2 }));
    expect(twoHeads.feeds.get('padIndex')!.shape).toEqual([3, 2, 3]);
    expect(feed(twoHeads, 'padIndex')).toEqual([0, 2, 4, 1, 3, 5, 6, -1, -1, 7, -1, -1, 8, 10, -1, 9, 11, -1]);
    expect(feed(twoHeads, 'validIndex')).toEqual([0, 3, 1, 4, 2, 5, 6, 9, 12, 15, 13, 16]);
  });

  it('pads a lone token to a row of two', () => {
    expect(feed(packedRun(ITEM, [2], tables), 'padIndex')).toEqual([0, -1]);
  });

  it('takes the rows that are wanted', () => {
    expect(feed(packed, 'rows')).toEqual([0, 2, 3, 4]);
    expect(feed(packed, 'rowsInverse')).toEqual([0, -1, 1, 2, 3, -1]);
    expect(feed(packed, 'labels.0')).toEqual([21, 23, 31, 11]);
    expect(packed.feeds.get('labels.1')).toMatchObject({ shape: [0, 1] });
    expect(packed.parts[0]!.scoredDatums.runs).toEqual([
      { datum: 1, start: 0, length: 2 },
      { datum: 2, start: 2, length: 1 },
      { datum: 0, start: 3, length: 1 },
    ]);
  });

  it.each([1, 4, 127, 128, 129, 300, 512, 600, 4096])('shares %i scored rows out to four chunks', (count) => {
    const zeros = new Array<number>(count).fill(0);
    const item = { tokens: integers(zeros), targets: integers(zeros), scored: new Uint8Array(count).fill(1) };
    const shared = packedRun(item, [0], tables);
    const sizes = feed(shared, 'chunkSizes');
    expect(sizes).toEqual([0, 1, 2, 3].map((chunk) => shared.feeds.get(`labels.${chunk}`)!.shape[0]));
    expect(sizes).toHaveLength(4);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(0);
    // No chunk holds more than its quarter, beyond the few rows that are not worth dividing.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(128, Math.ceil(count / 4)));
  });
});

describe('several targets per position', () => {
  const item = {
    tokens: integers([1], [2, 3]),
    targets: widened(integers([1, 2], [3, 4, 5, 6]), 2),
    scored: Uint8Array.of(1, 0, 1),
  };
  const packed = packedRun(item, [1, 0], tables);

  it('are the columns of the labels', () => {
    expect(packed.feeds.get('labels.0')).toMatchObject({ shape: [2, 2], data: Int32Array.of(5, 6, 1, 2) });
  });

  it('have a coefficient each', () => {
    const [, coefficients] = coefficientFeed(packed, [Float32Array.of(5, 6, 1, 2)]);
    expect(coefficients).toMatchObject({ shape: [2, 2], data: Float32Array.of(5, 6, 1, 2) });
  });
});
