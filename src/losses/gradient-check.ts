import { type LossResult } from '../domain/loss.js';
import { type RaggedTensor, rowWidth } from '../domain/ragged-tensor.js';
import { NonFiniteExpressionError } from './expressions/non-finite-expression.error.js';
import { type LossConfig, type LossFunction } from './loss-function.js';
import { type SampleBatch, sampleBatches } from './sample-batches.js';

/**
 * Lengths of central differences, which are off by about step^2 for steep formulas, and by `rounding` of the loss /
 * step. Where the first is too long, for a formula that bends sharply or has a kink nearby, a shorter one decides; the
 * last is for losses computed in float32, whose rounding hides what a short one changes.
 */
const STEPS = [
  { step: 1e-5, rounding: 1e-15 },
  { step: 1e-7, rounding: 1e-15 },
  { step: 1e-2, rounding: 3e-7 },
];
const TOLERANCE = 1e-4;

export interface GradientMismatch {
  /** Of the generated batch, counted from 0. */
  readonly datum: number;
  readonly position: number;
  /** What the loss gives as dLoss/dlogprob there. */
  readonly slope: number;
  /** What its value changes by, per unit of the log-prob. */
  readonly difference: number;
}

export interface GradientCheck {
  /** Batches on which loss and gradient are finite; the others tell nothing. */
  readonly checked: number;
  readonly batches: number;
  readonly mismatch: GradientMismatch | null;
}

/**
 * Compares the gradient with finite differences on generated batches: a loss whose gradient is wrong would train in a
 * wrong direction without a sign of it.
 */
export function checkGradient(loss: LossFunction, config: LossConfig): GradientCheck {
  const batches = sampleBatches(loss.metadata);
  let checked = 0;
  for (const batch of batches) {
    const result = finiteResult(loss, batch, config);
    if (!result) continue;
    checked++;
    const mismatch = mismatchOn(loss, batch, config, result);
    if (mismatch) return { checked, batches: batches.length, mismatch };
  }
  return { checked, batches: batches.length, mismatch: null };
}

function finiteResult(loss: LossFunction, { logprobs, inputs }: SampleBatch, config: LossConfig): LossResult | null {
  try {
    const result = loss.compute(logprobs, inputs, config);
    return Number.isFinite(result.loss) && result.dLogprobs.every(Number.isFinite) ? result : null;
  } catch (error) {
    if (error instanceof NonFiniteExpressionError) return null;
    throw error;
  }
}

function mismatchOn(
  loss: LossFunction,
  { logprobs, inputs }: SampleBatch,
  config: LossConfig,
  { loss: value, dLogprobs }: LossResult,
): GradientMismatch | null {
  const valueAt = (i: number, change: number): number => {
    const data = Float64Array.from(logprobs.data);
    data[i]! += change;
    // Declared as float32, in which a change of 1e-7 would be lost.
    return loss.surrogate({ ...logprobs, data: data as never }, inputs, config, logprobs);
  };
  for (const [i, slope] of dLogprobs.entries()) {
    const difference = (step: number) => (valueAt(i, step) - valueAt(i, -step)) / (2 * step);
    const agrees = STEPS.some(({ step, rounding }) => {
      const limit = TOLERANCE * Math.max(1, Math.abs(slope)) + (rounding * Math.abs(value)) / step;
      return Math.abs(difference(step) - slope) <= limit;
    });
    if (!agrees) return { ...locate(i, logprobs), slope, difference: difference(STEPS[0]!.step) };
  }
  return null;
}

function locate(number: number, logprobs: RaggedTensor): { datum: number; position: number } {
  const row = Math.floor(number / rowWidth(logprobs));
  const datum = logprobs.offsets.findIndex((offset) => offset > row) - 1;
  return { datum, position: row - logprobs.offsets[datum]! };
}
