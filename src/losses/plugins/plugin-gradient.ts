import { describe } from '../../common/json/json-fields.js';
import { isName, NAME_REMEDY } from '../expressions/loss-scope.js';
import { checkGradient } from '../gradient-check.js';
import { type LossConfig, type LossFunction } from '../loss-function.js';
import { rowWidth } from '../../domain/ragged-tensor.js';
import { slopesOfDatums } from '../slopes-of-datums.js';
import { type SampleBatch, sampleBatches } from '../sample-batches.js';

/** What is wrong with the numbers that a loss computes on generated batches with its default config, or null. */
export function gradientProblem(loss: LossFunction): string | null {
  const { name } = loss.metadata;
  const config = Object.fromEntries(loss.metadata.config.map((key) => [key.name, key.default]));
  for (const batch of sampleBatches(loss.metadata)) {
    const problem =
      resultProblem(loss, batch, config) ?? inactiveProblem(loss, batch, config) ?? sumProblem(loss, batch, config);
    if (problem !== null) return `${problem} This happens on a batch generated from its inputs.`;
  }
  const { checked, mismatch } = checkGradient(loss, config);
  if (mismatch) {
    const { datum, position, slope, difference } = mismatch;
    return (
      `the gradient of loss '${name}' is wrong: dLogprobs is ${slope} at position ${position} of datum ${datum} of a ` +
      `generated batch, but the loss changes by ${difference} per unit of that log-prob. Parts that compute treats as constant ` +
      'on purpose (a stop-gradient) belong in the surrogate method.'
    );
  }
  if (checked > 0) return null;
  return `loss '${name}' is NaN or infinite on every batch generated from its inputs. Give them a suitable \`sample\`.`;
}

function resultProblem(loss: LossFunction, { logprobs, inputs }: SampleBatch, config: LossConfig): string | null {
  const { name } = loss.metadata;
  const {
    loss: value,
    dLogprobs,
    metrics,
  } = loss.compute(logprobs, inputs, config) as Partial<ReturnType<typeof loss.compute>>;
  if (typeof value !== 'number') return `compute of loss '${name}' does not return a number as its loss.`;
  const problem = metricsProblem(metrics);
  if (problem !== null) return `compute of loss '${name}' ${problem}`;
  const count = logprobs.data.length;
  if (dLogprobs instanceof Float64Array && dLogprobs.length === count) return null;
  return `compute of loss '${name}' does not return a Float64Array of ${count} dLogprobs, one per log-prob.`;
}

/** Names as in written losses: the Tinker API puts a colon behind them. NaN is allowed, and left out of results. */
function metricsProblem(metrics: unknown): string | null {
  if (typeof metrics !== 'object' || metrics === null || Array.isArray(metrics)) {
    return 'does not return an object of metrics; return {} if there are none.';
  }
  for (const [name, value] of Object.entries(metrics)) {
    if (!isName(name) || name === 'loss') return `returns a metric named '${name}'. ${NAME_REMEDY} 'loss' is reserved.`;
    if (typeof value !== 'number') return `returns ${describe(value)} as metric '${name}', which is not a number.`;
  }
  return null;
}

/** Log-probs of positions that don't count may be NaN: nobody has computed them. */
function inactiveProblem(loss: LossFunction, { logprobs, inputs }: SampleBatch, config: LossConfig): string | null {
  const active: unknown = loss.activePositions(inputs);
  const width = rowWidth(logprobs);
  const positions = logprobs.data.length / width;
  if (!(active instanceof Uint8Array && active.length === positions)) {
    return `activePositions of loss '${loss.metadata.name}' does not return a Uint8Array of ${positions}, one per position.`;
  }
  const data = logprobs.data.map((value, i) => (active[Math.floor(i / width)] === 0 ? Number.NaN : value));
  const { dLogprobs } = loss.compute({ ...logprobs, data }, inputs, config);
  const at = dLogprobs.findIndex((slope, i) => Number.isNaN(data[i]) && slope !== 0);
  if (at < 0) return null;
  return `loss '${loss.metadata.name}' returns ${dLogprobs[at]} instead of 0 as the gradient of a masked log-prob.`;
}

/** What is said to be a sum over datums must have the same slopes part by part. */
function sumProblem(loss: LossFunction, batch: SampleBatch, config: LossConfig): string | null {
  if (!loss.metadata.sumOverDatums) return null;
  const { dLogprobs } = loss.compute(batch.logprobs, batch.inputs, config);
  const halves = [
    [0, 1],
    [2, 3],
  ].map((datums) => slopesOfDatums(loss, datums, batch, config));
  const apart = (i: number) => halves.reduce((sum, slopes) => sum + slopes[i]!, 0);
  // Losses that are computed in float32 differ by its rounding.
  const at = dLogprobs.findIndex((slope, i) => Math.abs(slope - apart(i)) > 1e-4 * Math.max(1, Math.abs(slope)));
  if (at < 0) return null;
  return (
    `loss '${loss.metadata.name}' is not a sum over datums, although sumOverDatums is set: the gradient of log-prob ${at} is ` +
    `${dLogprobs[at]} in the whole batch, but ${apart(at)} if only half of the datums are present.`
  );
}
