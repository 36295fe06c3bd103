import { type LossInputs } from '../../../domain/loss.js';
import { offsetsOf, type RaggedTensor } from '../../../domain/ragged-tensor.js';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { type LossConfig } from '../loss-function.js';
import { type WrittenLoss } from './written-loss.js';

/** Lengths of the datums that the check makes up: two pairs, of unequal lengths. */
const LENGTHS = [3, 2, 4, 1];
const DRAWS = 4;
/**
 * Central differences in float64 are off by about step^2 (steep formulas) and 1e-16 / step (rounding) of the loss. Where
 * the first step is too long, for a formula that bends sharply or has a kink nearby, a shorter one decides.
 */
const STEPS = [1e-5, 1e-7];
const TOLERANCE = 1e-4;

/**
 * Compares the gradient with finite differences on made-up batches; a loss whose gradient is wrong would train in a
 * wrong direction without a sign of it. Batches on which the loss is not finite tell nothing and are left out.
 * @throws InvalidRequestError where they differ
 */
export function checkGradient(
  loss: WrittenLoss,
  config: LossConfig,
): { readonly checked: number; readonly batches: number } {
  let checked = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    const random = generator(draw + 1);
    const { logprobs, inputs } = madeUpBatch(loss, random);
    if (isChecked(loss, logprobs, inputs, config)) checked++;
  }
  return { checked, batches: DRAWS };
}

function isChecked(
  loss: WrittenLoss,
  logprobs: RaggedTensor<Float32Array>,
  inputs: LossInputs,
  config: LossConfig,
): boolean {
  const evaluation = loss.evaluate(logprobs, inputs, config);
  const value = evaluation.numberOf(loss.lossStep);
  const gradient = evaluation.gradientOf(loss.lossStep);
  if (!Number.isFinite(value) || !gradient.every(Number.isFinite)) return false;
  const held = loss.stoppedSteps.map((step) => [step, evaluation.valuesOf(step)] as const);
  const valueAt = (i: number, change: number): number => {
    const data = Float64Array.from(logprobs.data);
    data[i]! += change;
    // float64 log-probs: float32 would swallow the change.
    const moved = loss.evaluate({ ...logprobs, data: data as never }, inputs, config);
    for (const [step, values] of held) moved.fix(step, values);
    return moved.numberOf(loss.lossStep);
  };
  gradient.forEach((slope, i) => {
    const differences = STEPS.map((step) => () => (valueAt(i, step) - valueAt(i, -step)) / (2 * step));
    const limit = TOLERANCE * Math.max(1, Math.abs(slope), Math.abs(value));
    if (differences.some((difference) => Math.abs(difference() - slope) <= limit)) return;
    throw new InvalidRequestError(
      `The gradient of the loss is ${slope} at a place where the loss itself changes by ${differences[0]!()}.`,
      { field: 'loss', remedy: 'A formula that jumps (a comparison of log-probs in where) has no useful gradient.' },
    );
  });
  return true;
}

function madeUpBatch(loss: WrittenLoss, random: () => number) {
  const offsets = offsetsOf(LENGTHS);
  const count = offsets.at(-1)!;
  const perToken = (value: (i: number) => number): RaggedTensor<Float32Array> => ({
    data: Float32Array.from({ length: count }, (_, i) => value(i)),
    ...{ offsets, trailingShape: [] },
  });
  const logprobs = perToken(() => -0.1 - 3 * random());
  const inputs: Record<string, RaggedTensor> = {};
  for (const { name, per, dtype } of loss.metadata.inputs) {
    if (per === 'datum') inputs[name] = perDatum(name);
    else if (dtype === 'int') inputs[name] = { data: new Int32Array(count).fill(1), offsets, trailingShape: [] };
    else if (name.includes('logprob')) inputs[name] = perToken((i) => logprobs.data[i]! + 0.4 * (random() - 0.5));
    else inputs[name] = perToken(() => 0.2 + random());
  }
  return { logprobs, inputs };
}

/** 0 0 1 1 for what numbers pairs and groups, 1 0 1 0 for what marks a datum in them: which is which doesn't matter. */
function perDatum(name: string): RaggedTensor<Float32Array> {
  const isMark = /chosen|positive|prefer|label|win/i.test(name);
  const data = Float32Array.from(LENGTHS, (_, i) => (isMark ? 1 - (i % 2) : Math.floor(i / 2)));
  return { data, offsets: offsetsOf(LENGTHS.map(() => 1)), trailingShape: [] };
}

/** Numbers in [0, 1): the check gives the same answer every time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
