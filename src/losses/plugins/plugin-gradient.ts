import { describe } from '../../common/json/json-fields.js';
import { isName, NAME_REMEDY } from '../expressions/loss-scope.js';
import { checkGradient } from '../gradient-check.js';
import { type LossConfig, type LossFunction } from '../loss-function.js';
import { rowWidth } from '../../domain/ragged-tensor.js';
import { slopesOfDatums } from '../slopes-of-datums.js';
import { type SampleBatch, sampleBatches } from '../sample-batches.js';

/** What is wrong with the numbers that a loss computes on made-up batches with its default config, or null. */
export function gradientProblem(loss: LossFunction): string | null {
  const { name } = loss.metadata;
  const config = Object.fromEntries(loss.metadata.config.map((key) => [key.name, key.default]));
  for (const batch of sampleBatches(loss.metadata)) {
    const problem =
      resultProblem(loss, batch, config) ?? inactiveProblem(loss, batch, config) ?? sumProblem(loss, batch, config);
    if (problem !== null) return `${problem} That is so on a batch made up from its inputs.`;
  }
  const { checked, mismatch } = checkGradient(loss, config);
  if (mismatch) {
    const { datum, position, slope, difference } = mismatch;
    return (
      `the gradient of loss '${name}' is wrong: dLogprobs is ${slope} at position ${position} of datum ${datum} of a ` +
      `made-up batch, but the loss changes by ${difference} per unit of that log-prob. What compute holds constant on ` +
      'purpose (a stop-gradient) belongs into the method surrogate.'
    );
  }
  if (checked > 0) return null;
  return `loss '${name}' is NaN or infinite on every batch made up from its inputs. Give them a \`sample\` that suits it.`;
}

function resultProblem(loss: LossFunction, { logprobs, inputs }: SampleBatch, config: LossConfig): string | null {
  const { name } = loss.metadata;
  const {
    loss: value,
    dLogprobs,
    metrics,
  } = loss.compute(logprobs, inputs, config) as Partial<ReturnType<typeof loss.compute>>;
  if (typeof value !== 'number') return `compute of loss '${name}' gives no number as its loss.`;
  const problem = metricsProblem(metrics);
  if (problem !== null) return `compute of loss '${name}' ${problem}`;
  const count = logprobs.data.length;
  if (dLogprobs instanceof Float64Array && dLogprobs.length === count) return null;
  return `compute of loss '${name}' gives no Float64Array of ${count} dLogprobs, one for each log-prob.`;
}

/** Names as in written losses: the Tinker API puts a colon behind them. NaN is allowed, and left out of results. */
function metricsProblem(metrics: unknown): string | null {
  if (typeof metrics !== 'object' || metrics === null || Array.isArray(metrics)) {
    return 'gives no object of metrics; give {} where there are none.';
  }
  for (const [name, value] of Object.entries(metrics)) {
    if (!isName(name) || name === 'loss') return `calls a metric '${name}'. ${NAME_REMEDY} 'loss' is taken.`;
    if (typeof value !== 'number') return `gives ${describe(value)} as metric '${name}', which is no number.`;
  }
  return null;
}

/** Log-probs of positions that don't count may be NaN: nobody has computed them. */
function inactiveProblem(loss: LossFunction, { logprobs, inputs }: SampleBatch, config: LossConfig): string | null {
  const active: unknown = loss.activePositions(inputs);
  const width = rowWidth(logprobs);
  const positions = logprobs.data.length / width;
  if (!(active instanceof Uint8Array && active.length === positions)) {
    return `activePositions of loss '${loss.metadata.name}' gives no Uint8Array of ${positions}, one for each position.`;
  }
  const data = logprobs.data.map((value, i) => (active[Math.floor(i / width)] === 0 ? Number.NaN : value));
  const { dLogprobs } = loss.compute({ ...logprobs, data }, inputs, config);
  const at = dLogprobs.findIndex((slope, i) => Number.isNaN(data[i]) && slope !== 0);
  if (at < 0) return null;
  return `loss '${loss.metadata.name}' gives ${dLogprobs[at]} as the slope of a log-prob that does not count, not 0.`;
}

/** What is said to be a sum over datums must have the same slopes part by part. */
function sumProblem(loss: LossFunction, batch: SampleBatch, config: LossConfig): string | null {
  if (!loss.metadata.sumOverDatums) return null;
  const { dLogprobs } = loss.compute(batch.logprobs, batch.inputs, config);
  const halves = [[0, 1], [2, 3]].map((datums) => slopesOfDatums(loss, datums, batch, config)); // prettier-ignore
  const apart = (i: number) => halves.reduce((sum, slopes) => sum + slopes[i]!, 0);
  // Losses that are computed in float32 differ by its rounding.
  const at = dLogprobs.findIndex((slope, i) => Math.abs(slope - apart(i)) > 1e-4 * Math.max(1, Math.abs(slope)));
  if (at < 0) return null;
  return (
    `loss '${loss.metadata.name}' is no sum over datums, as sumOverDatums says: the slope of log-prob ${at} is ` +
    `${dLogprobs[at]} in the whole batch, but ${apart(at)} when only half of its datums are there.`
  );
}
