import { type Tensor } from '../graph/graph.js';
import { type Operations } from '../graph/operations.js';

/**
 * Inputs of the coefficients, each [N, K] but for the selectors and thresholds, which are [N, 1]: rows of several requests,
 * with several losses, go through one program.
 */
export const LOSS_INPUTS = {
  weights: 'loss.weights',
  samplerLogprobs: 'loss.samplerLogprobs',
  advantages: 'loss.advantages',
} as const;

export const LOSS_SCALARS = {
  /** One of these four is 1, the others 0. */
  byWeights: 'loss.byWeights',
  byRatio: 'loss.byRatio',
  byClippedRatio: 'loss.byClippedRatio',
  byDro: 'loss.byDro',
  low: 'loss.low',
  high: 'loss.high',
  beta: 'loss.beta',
} as const;

/** exp(80) is still finite in float32; a larger ratio means that sampler and trainer have parted long ago. */
const MAX_LOG_RATIO = 80;

/**
 * c = dLoss/dlogprob of the built-in losses, so that one compiled program serves them all without leaving the graph
 * between forward and backward. With l = logprob, q = sampler log-prob, A = advantage, w = weight, r = exp(l - q):
 *
 * - weights (cross_entropy): c = -w
 * - ratio (importance_sampling, ppo): c = -w r A, and 0 where A > 0 and r > high, or A < 0 and r < low
 * - clipped ratio (cispo): c = -w clip(r, low, high) A
 * - dro: c = -w (A - beta (l - q))
 *
 * The losses themselves are in src/losses; a test holds both gradients together.
 */
export function lossCoefficients(ops: Operations, logprobs: Tensor): Tensor {
  const { graph } = ops;
  const perTarget = (name: string) => graph.input(name, 'f32', logprobs.shape);
  const scalar = (name: string) => graph.input(name, 'f32', [logprobs.shape[0]!, 1]);
  const weights = perTarget(LOSS_INPUTS.weights);
  const samplerLogprobs = perTarget(LOSS_INPUTS.samplerLogprobs);
  const advantages = perTarget(LOSS_INPUTS.advantages);
  const low = scalar(LOSS_SCALARS.low);
  const high = scalar(LOSS_SCALARS.high);
  const zero = graph.scalar(0);
  const one = graph.scalar(1);

  const logRatio = ops.sub(logprobs, samplerLogprobs);
  const ratio = ops.exp(ops.minimum(logRatio, graph.scalar(MAX_LOG_RATIO)));
  const above = ops.mul(ops.greater(advantages, zero), ops.greater(ratio, high));
  const below = ops.mul(ops.greater(zero, advantages), ops.greater(low, ratio));
  const unclipped = ops.sub(one, ops.add(above, below));
  const clipped = ops.minimum(ops.maximum(ratio, low), high);
  const terms = [
    scalar(LOSS_SCALARS.byWeights),
    ops.mul(scalar(LOSS_SCALARS.byRatio), ops.mul(unclipped, ops.mul(ratio, advantages))),
    ops.mul(scalar(LOSS_SCALARS.byClippedRatio), ops.mul(clipped, advantages)),
    ops.mul(scalar(LOSS_SCALARS.byDro), ops.sub(advantages, ops.mul(scalar(LOSS_SCALARS.beta), logRatio))),
  ];
  const sum = terms.reduce((total, term) => ops.add(term, total));
  return ops.neg(ops.mul(weights, sum));
}
