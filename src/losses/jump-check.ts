import { type LossConfig, type LossFunction } from './loss-function.js';
import { type SampleBatch, sampleBatches } from './sample-batches.js';

/** Stretches that the way through a batch is cut into, and those of them that are looked into. */
const STRETCHES = 32;
const SUSPECTS = 3;
/** Number of steps after which 1e-13 of the way is left, on which no slope below 1e9 can change a loss by SMALLEST. */
const HALVINGS = 38;
/** Smaller jumps, relative to the loss where it is above 1, are not told from rounding. */
const SMALLEST = 1e-4;

/**
 * By how much the loss jumps somewhere near the generated batches, or null: all log-probs of a batch go from 1.5 to 0.5
 * times what they are. Differences at single elements (gradient-check.ts) step over jumps. Finds large jumps, not all.
 */
export function findJump(loss: LossFunction, config: LossConfig): number | null {
  for (const batch of sampleBatches(loss.metadata)) {
    const jump = jumpNear(loss, batch, config);
    if (jump !== null) return jump;
  }
  return null;
}

function jumpNear(loss: LossFunction, { logprobs, inputs }: SampleBatch, config: LossConfig): number | null {
  const valueAt = (t: number): number => {
    const data = Float64Array.from(logprobs.data, (l) => l * (1.5 - t));
    // Declared as float32, which has no such short steps.
    return loss.surrogate({ ...logprobs, data: data as never }, inputs, config, logprobs);
  };
  const values = Array.from({ length: STRETCHES + 1 }, (_, i) => valueAt(i / STRETCHES));
  // How far a value is from the middle of its neighbours: what changes evenly does not stand out.
  const bends = values
    .slice(1, -1)
    .map((value, i) => ({ at: i, bend: Math.abs(value - (values[i]! + values[i + 2]!) / 2) }));
  const suspects = bends.filter(({ bend }) => Number.isFinite(bend)).sort((a, b) => b.bend - a.bend);
  for (const { at } of suspects.slice(0, SUSPECTS)) {
    const jump = jumpWithin(valueAt, at / STRETCHES, (at + 2) / STRETCHES);
    if (jump !== null) return jump;
  }
  return null;
}

/** Goes into the half on which the value changes more, again and again: the change of a steep slope vanishes. */
function jumpWithin(valueAt: (t: number) => number, from: number, to: number): number | null {
  let [low, high] = [valueAt(from), valueAt(to)];
  for (let i = 0; i < HALVINGS; i++) {
    const half = (from + to) / 2;
    const middle = valueAt(half);
    if (Math.abs(middle - low) > Math.abs(high - middle)) [to, high] = [half, middle];
    else [from, low] = [half, middle];
    if (!(Math.abs(high - low) > SMALLEST * Math.max(1, Math.abs(low)))) return null;
  }
  return high - low;
}
