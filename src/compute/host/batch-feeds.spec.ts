import { describe, expect, it } from 'vitest';
import { floats, integers, widened } from '../../../test/support/ragged-builders.js';
import { type DatumBatch } from '../../domain/datum-batch.js';
import { CrossEntropyLoss } from '../../losses/functions/cross-entropy.loss.js';
import { PpoLoss } from '../../losses/functions/ppo.loss.js';
import { FAKE_MODEL } from '../../../test/support/fake-backend/fake-backend.js';
import { LOSS_INPUTS } from '../models/loss-coefficients.js';
import { addLossInputs, coefficientFeed, type PackedBatch, packBatch, scatterLogprobs } from './batch-feeds.js';
import { PositionTables } from './position-tables.js';

const tables = new PositionTables(FAKE_MODEL.config);
const BATCH: DatumBatch = {
  tokens: integers([10, 11], [20, 21, 22], [30]),
  lossInputs: {
    target_tokens: integers([11, 12], [21, 22, 23], [31]),
    weights: floats([0.1, 0.2], [0.3, 0.4, 0.5], [0.6]),
    logprobs: floats([-1, -2], [-3, -4, -5], [-6]),
    advantages: floats([1, 2], [3, 4, 5], [6]),
  },
};
/** Positions 1 and 3 are not wanted. */
const ACTIVE = Uint8Array.of(1, 0, 1, 0, 1, 1);

const feed = ({ feeds }: PackedBatch, name: string) => [...feeds.get(name)!.data].map(Number);

describe('packBatch', () => {
  const packed = packBatch(BATCH, [1, 2, 0], ACTIVE, tables);

  it('lays tokens end to end in the order of the members', () => {
    expect(feed(packed, 'tokens')).toEqual([20, 21, 22, 30, 10, 11]);
    expect(packed.tokenDatums).toEqual({
      rows: 6,
      runs: [
        { datum: 1, start: 0, length: 3 },
        { datum: 2, start: 3, length: 1 },
        { datum: 0, start: 4, length: 2 },
      ],
    });
  });

  it('maps rows to the padded layout and back', () => {
    expect(feed(packed, 'padIndex')).toEqual([0, 1, 2, 3, -1, -1, 4, 5, -1]);
    expect(feed(packed, 'validIndex')).toEqual([0, 1, 2, 3, 6, 7]);
  });

  it('takes the rows that are wanted, and knows where they belong in the request', () => {
    expect(feed(packed, 'rows')).toEqual([0, 2, 3, 4]);
    expect(feed(packed, 'rowsInverse')).toEqual([0, -1, 1, 2, 3, -1]);
    expect([...packed.scored]).toEqual([2, 4, 5, 0]);
    expect(feed(packed, 'labels')).toEqual([21, 23, 31, 11]);
    expect(packed.scoredDatums.runs).toEqual([
      { datum: 1, start: 0, length: 2 },
      { datum: 2, start: 2, length: 1 },
      { datum: 0, start: 3, length: 1 },
    ]);
  });

  it.each([1, 4, 127, 128, 129, 300, 512, 600, 4096])('shares %i scored rows out to four chunks', (count) => {
    const zeros = new Array<number>(count).fill(0);
    const batch = { tokens: integers(zeros), lossInputs: { target_tokens: integers(zeros) } };
    const sizes = feed(packBatch(batch, [0], new Uint8Array(count).fill(1), tables), 'chunkSizes');
    expect(sizes).toHaveLength(4);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(0);
    // No chunk holds more than its quarter, beyond the few rows that are not worth dividing.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(128, Math.ceil(count / 4)));
  });
});

describe('what the loss brings', () => {
  const packed = packBatch(BATCH, [1, 2, 0], ACTIVE, tables);
  const float32 = (...values: number[]) => values.map(Math.fround);
  const inputs = (feeds: ReturnType<typeof addLossInputs>) =>
    Object.values(LOSS_INPUTS).map((name) => [...feeds.get(name)!.data].map(Number).slice(0, 4));

  it('comes with its rows', () => {
    expect(inputs(addLossInputs(packed, BATCH, new PpoLoss()))).toEqual([
      float32(0.3, 0.5, 0.6, 0.1),
      [-3, -5, -6, -1],
      [3, 5, 6, 1],
    ]);
  });

  it('is weight 1 and nothing else where it is left out or not read', () => {
    const { target_tokens, logprobs, advantages } = BATCH.lossInputs;
    const batch = {
      ...BATCH,
      lossInputs: { target_tokens: target_tokens!, logprobs: logprobs!, advantages: advantages! },
    };
    const zeros = [0, 0, 0, 0];
    expect(inputs(addLossInputs(packed, batch, new CrossEntropyLoss()))).toEqual([[1, 1, 1, 1], zeros, zeros]);
  });

  it('is 0 at positions that do not count', () => {
    const weights = floats([0.1, 0.2], [0, 0.4, 0.5], [0.6]);
    const batch = { ...BATCH, lossInputs: { ...BATCH.lossInputs, weights } };
    expect(inputs(addLossInputs(packed, batch, new PpoLoss()))).toEqual([
      float32(0, 0.5, 0.6, 0.1),
      [0, -5, -6, -1],
      [0, 5, 6, 1],
    ]);
  });
});

describe('several targets per position', () => {
  const batch: DatumBatch = {
    tokens: integers([1], [2, 3]),
    lossInputs: { target_tokens: widened(integers([1, 2], [3, 4, 5, 6]), 2) },
  };
  const packed = packBatch(batch, [1, 0], Uint8Array.of(1, 0, 1), tables);

  it('are the columns of the labels', () => {
    expect(packed.feeds.get('labels')).toMatchObject({ shape: [2, 2], data: Int32Array.of(5, 6, 1, 2) });
  });

  it('go out and come back to where they belong', () => {
    const coefficients = coefficientFeed(packed, Float64Array.of(1, 2, 3, 4, 5, 6));
    expect(coefficients).toMatchObject({ shape: [2, 2], data: Float32Array.of(5, 6, 1, 2) });
    const into = new Float32Array(6).fill(Number.NaN);
    scatterLogprobs(packed, Float32Array.of(-5, -6, -1, -2), into);
    expect([...into]).toEqual([-1, -2, NaN, NaN, -5, -6]);
  });
});
