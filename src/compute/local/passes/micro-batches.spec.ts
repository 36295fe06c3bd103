import { describe, expect, it } from 'vitest';
import { offsetsOf, type RaggedTensor } from '../../../domain/ragged-tensor.js';
import { FAKE_MODEL } from '../../../../test/support/fake-backend/fake-backend.js';
import { microBatches, type TrainedModel, trainingBytes } from './micro-batches.js';

const MODEL: TrainedModel = { config: FAKE_MODEL.config, headLora: false };
const LARGE = 2 ** 40;

function batchOf(lengths: readonly number[]): RaggedTensor {
  const offsets = offsetsOf(lengths);
  return { data: new Int32Array(offsets.at(-1)!), offsets, trailingShape: [] };
}

const split = (lengths: readonly number[], budget: number, model = MODEL) =>
  microBatches(model, batchOf(lengths), lengths, budget);

/** Bytes of datums of these lengths as one group. */
function bytesOf(lengths: readonly number[], model = MODEL): number {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  return trainingBytes(model, { tokens, rows: tokens, longest: Math.max(...lengths), sequences: lengths.length });
}

describe('microBatches', () => {
  it('keeps everything together where it fits, the longest first, equal ones in order', () => {
    expect(split([3, 9, 3, 5], LARGE)).toEqual([[1, 3, 0, 2]]);
  });

  it('puts every datum into exactly one group, each within the budget', () => {
    const lengths = [7, 30, 12, 12, 1, 25, 3, 30];
    const budget = bytesOf([30, 30]);
    const groups = split(lengths, budget);
    expect(groups.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(groups.length).toBeGreaterThan(1);
    for (const group of groups) {
      expect(bytesOf(group.map((datum) => lengths[datum]!))).toBeLessThanOrEqual(budget);
    }
  });

  it('fills a group to the last byte and no further', () => {
    const lengths = [8, 8, 8, 8];
    expect(split(lengths, bytesOf([8, 8]))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(split(lengths, bytesOf([8, 8]) - 1)).toEqual([[0], [1], [2], [3]]);
    expect(split(lengths, bytesOf([8, 8, 8]))).toEqual([[0, 1, 2], [3]]);
  });

  it('counts only the rows that are scored', () => {
    const tokens = batchOf([8, 8]);
    const unscored = trainingBytes(MODEL, { tokens: 16, rows: 0, longest: 8, sequences: 2 });
    expect(microBatches(MODEL, tokens, [0, 0], unscored)).toHaveLength(1);
    expect(microBatches(MODEL, tokens, [8, 0], unscored)).toHaveLength(2);
  });

  it('counts the probabilities that a LoRA on the output projection needs', () => {
    const withHead = { ...MODEL, headLora: true };
    const { vocabSize } = MODEL.config;
    expect(bytesOf([8, 8], withHead) - bytesOf([8, 8])).toBe(4 * 16 * vocabSize);
    expect(split([8, 8], bytesOf([8, 8]))).toHaveLength(1);
    expect(split([8, 8], bytesOf([8, 8]), withHead)).toHaveLength(2);
  });

  it('makes no group of more than 4096 tokens, but for one longer datum', () => {
    expect(split([2048, 2048, 1], LARGE)).toEqual([[0, 1], [2]]);
    expect(split([5000, 10], LARGE)).toEqual([[0], [1]]);
  });

  it('refuses a datum that does not fit on its own, by its index in the request', () => {
    const refused = () => split([4, 50, 4], bytesOf([20]));
    expect(refused).toThrow(expect.objectContaining({ code: 'sequence_exceeds_memory', category: 'user' }));
    expect(refused).toThrow(/data\[1\] has 50 tokens/);
    // Also when it comes after others that do.
    const budget = trainingBytes(MODEL, { tokens: 20, rows: 0, longest: 20, sequences: 1 });
    const long = () => microBatches(MODEL, batchOf([20, 20]), [0, 20], budget);
    expect(long).toThrow(/data\[1\] has 20 tokens/);
  });
});
