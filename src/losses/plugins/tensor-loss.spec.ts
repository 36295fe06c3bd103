import { type Scalar } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { floats, integers } from '../../../test/support/models/ragged-builders.js';
import { Loss, TARGET_TOKENS, WEIGHTS } from '../loss-function.js';
import { type Datums, type Tensor, type TensorInputs, TensorLoss, type Tensorflow } from './tensor-loss.js';

const SCORE = {
  name: 'score',
  dtype: 'float',
  per: 'datum',
  required: true,
  description: 'One for each datum.',
} as const;

/** sum over datums of score_d (sum over tokens of w l)^2: the gradient is 2 score_d w (sum over tokens of w l). */
@Loss({
  name: 'squares',
  description: 'x',
  config: [{ name: 'scale', default: 1, description: 'x' }],
  inputs: [TARGET_TOKENS, WEIGHTS, SCORE],
  multipleTargets: true,
})
class Squares extends TensorLoss {
  protected override loss(
    tf: Tensorflow,
    logprobs: Tensor,
    { weights, score }: TensorInputs,
    { scale }: Readonly<Record<string, number>>,
    { of, count }: Datums,
  ): Scalar {
    const terms = tf.mul(logprobs, weights!);
    const perToken = terms.rank === 2 ? tf.sum(terms, 1) : terms;
    const sums = tf.unsortedSegmentSum(perToken, of, count);
    return tf.mul<Scalar>(tf.sum(tf.mul(tf.square(sums), score!)), scale!);
  }

  protected override metrics(tf: Tensorflow, logprobs: Tensor): Record<string, Scalar> {
    return { smallest: tf.min<Scalar>(logprobs) };
  }
}

const targets = integers([1, 1, 1], [1], [1, 1]);
const score = floats([2], [3], [-1]);
const loss = new Squares();

describe('TensorLoss', () => {
  it('gives the gradient of the loss, 0 where nothing counts, whatever stands there', () => {
    const logprobs = floats([-1, Number.NaN, -2], [Number.NaN], [-0.5, -4]);
    const inputs = { target_tokens: targets, weights: floats([1, 0, 0.5], [0], [2, -1]), score };
    const result = loss.compute(logprobs, inputs, { scale: 10 });
    // Sums: -1 - 1 = -2, nothing, -1 + 4 = 3. Small whole numbers and halves are exact in float32.
    expect(result.loss).toBe(10 * (2 * 4 - 9));
    expect([...result.dLogprobs]).toEqual([-80, 0, -40, 0, -120, 60]);
    expect(result.metrics).toEqual({ smallest: -4 });
  });

  it('takes the default of an input that is left out', () => {
    const result = loss.compute(floats([-1, -1, -1], [-2], [0, -1]), { target_tokens: targets, score }, { scale: 1 });
    expect(result.loss).toBe(2 * 9 + 3 * 4 - 1);
    expect([...result.dLogprobs]).toEqual([-12, -12, -12, -12, 2, 2]);
  });

  it('takes several targets per position', () => {
    const wide = <T extends { data: object }>(tensor: T) => ({ ...tensor, trailingShape: [2] });
    const inputs = {
      target_tokens: { ...wide(integers([1], [1, 1])), data: new Int32Array(6).fill(1) },
      weights: { ...wide(floats([1], [1, 1])), data: Float32Array.of(1, 2, 0, 0, 0, 1) },
      score: floats([1], [1]),
    };
    const logprobs = { ...inputs.weights, data: Float32Array.of(-1, -2, Number.NaN, Number.NaN, -3, -4) };
    const result = loss.compute(logprobs, inputs, { scale: 1 });
    expect(result.loss).toBe(25 + 16);
    expect([...result.dLogprobs]).toEqual([-10, -20, 0, 0, 0, -8].map((value) => expect.closeTo(value, 12) as number));
  });

  it('is 0 where nothing counts at all', () => {
    const inputs = { target_tokens: targets, weights: floats([0, 0, 0], [0], [0, 0]), score };
    const result = loss.compute(floats([-1, -1, -1], [-1], [-1, -1]), inputs, { scale: 1 });
    expect(result).toEqual({ loss: 0, dLogprobs: new Float64Array(6), metrics: {} });
  });
});
