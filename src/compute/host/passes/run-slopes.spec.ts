import { describe, expect, it } from 'vitest';
import { floats, integers } from '../../../../test/support/models/ragged-builders.js';
import { type DatumBatch } from '../../../domain/datum-batch.js';
import { CrossEntropyLoss } from '../../../losses/functions/cross-entropy.loss.js';
import { PpoLoss } from '../../../losses/functions/ppo.loss.js';
import { type LossFunction } from '../../../losses/loss-function.js';
import { runSlopes } from './run-slopes.js';

const BATCH: DatumBatch = {
  tokens: integers([10, 11], [20, 21, 22], [30]),
  lossInputs: {
    target_tokens: integers([11, 12], [21, 22, 23], [31]),
    weights: floats([0.1, 0.2], [0.3, 0.4, 0.5], [0.6]),
    logprobs: floats([-1, -2], [-3, -4, -5], [-6]),
    advantages: floats([1, 2], [3, 4, 5], [6]),
  },
};
/** Of datums 1, 2 and 0, without positions 1 and 3. */
const POSITIONS = [2, 4, 5, 0];

function inputs(loss: LossFunction, batch: DatumBatch): number[][] {
  const terms = { policy: 'ratio', low: 0, high: 0, beta: 0 } as const;
  const { weights, samplerLogprobs, advantages } = runSlopes(loss, terms, batch, POSITIONS);
  return [weights, samplerLogprobs, advantages].map((values) => [...values]);
}
const float32 = (...values: number[]) => values.map(Math.fround);

describe('runSlopes', () => {
  it('brings the rows of the run', () => {
    expect(inputs(new PpoLoss(), BATCH)).toEqual([float32(0.3, 0.5, 0.6, 0.1), [-3, -5, -6, -1], [3, 5, 6, 1]]);
  });

  it('takes weight 1 and nothing else where an input is left out or not read', () => {
    const { target_tokens, logprobs, advantages } = BATCH.lossInputs;
    const lossInputs = { target_tokens: target_tokens!, logprobs: logprobs!, advantages: advantages! };
    const zeros = [0, 0, 0, 0];
    expect(inputs(new CrossEntropyLoss(), { ...BATCH, lossInputs })).toEqual([[1, 1, 1, 1], zeros, zeros]);
  });

  it('is 0 at positions that do not count', () => {
    const weights = floats([0.1, 0.2], [0, 0.4, 0.5], [0.6]);
    const batch = { ...BATCH, lossInputs: { ...BATCH.lossInputs, weights } };
    expect(inputs(new PpoLoss(), batch)).toEqual([float32(0, 0.5, 0.6, 0.1), [0, -5, -6, -1], [0, 5, 6, 1]]);
  });
});
