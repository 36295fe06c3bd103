import { type LossInputs } from '../domain/loss.js';
import { type RaggedTensor } from '../domain/ragged-tensor.js';
import { finiteMetric, nonZeroRows } from './loss-function.js';

/** The loss input with the log-probs that the tokens had when they were sampled. */
const SAMPLER_LOGPROBS = 'logprobs';

/**
 * Metric of every loss that is given the sampler's log-probs: the mean of (sampler log-prob - trainer log-prob) over the
 * sampled tokens, an estimate of KL(sampler || trainer). Before the first step on a rollout both have the same weights, so
 * that it shows how far the two computations differ: exactly 0 where they agree to the bit. Sampled are the positions with
 * a weight and an advantage other than 0, where those are given: at the others clients fill in zeros.
 */
export function samplerTrainerKl(logprobs: RaggedTensor<Float32Array>, inputs: LossInputs): Record<string, number> {
  const sampler = inputs[SAMPLER_LOGPROBS];
  if (!sampler || sampler.data.length !== logprobs.data.length) return {};
  const masks = ['weights', 'advantages'].flatMap((name) => {
    const input = inputs[name];
    return input?.data.length === logprobs.data.length ? [nonZeroRows({ ...input, trailingShape: [] })] : [];
  });
  let sum = 0;
  let count = 0;
  for (let i = 0; i < logprobs.data.length; i++) {
    if (masks.some((mask) => mask[i] === 0) || Number.isNaN(logprobs.data[i]!)) continue;
    sum += sampler.data[i]! - logprobs.data[i]!;
    count++;
  }
  return count > 0 ? { sampler_trainer_kl: finiteMetric(sum / count) } : {};
}
