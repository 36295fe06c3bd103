import { type FusedTerms, type LossInputs, type LossResult } from '../../domain/loss.js';
import { type RaggedTensor } from '../../domain/ragged-tensor.js';
import { countMarks, finiteMetric, Loss, LossFunction, NO_LIMIT, TARGET_TOKENS, WEIGHTS } from '../loss-function.js';

/**
 * Weighted negative log-likelihood, as the Tinker API defines it:
 *
 *   loss = - sum_t w_t l_t            target_tokens (N)
 *   loss = - sum_t sum_k w_tk l_tk    target_tokens (N, K)
 *   dLoss/dl = -w
 *
 * Weights default to 1 and may be negative or tiny: a client that computes dC/dl of its own loss C sends weights =
 * -dC/dl and gets the gradient of C.
 *
 * Metrics: num_tokens (positions), num_weighted_tokens (positions with a non-zero weight), mean_nll = sum(|w| nll) /
 * sum(|w|), which for the usual weights is the weighted average and for signed ones still lies within the nlls seen,
 * perplexity = exp(mean_nll).
 */
@Loss({
  name: 'cross_entropy',
  description: 'Standard supervised learning (negative log-likelihood)',
  inputs: [TARGET_TOKENS, WEIGHTS],
  config: [],
  multipleTargets: true,
  sumOverDatums: true,
})
export class CrossEntropyLoss extends LossFunction {
  override compute(logprobs: RaggedTensor<Float32Array>, inputs: LossInputs): LossResult {
    const l = logprobs.data;
    const weights = inputs.weights?.data;
    const dLogprobs = new Float64Array(l.length);
    let loss = 0;
    let absoluteLoss = 0;
    let absoluteWeight = 0;
    for (let i = 0; i < l.length; i++) {
      const w = weights ? weights[i]! : 1;
      if (w === 0) continue; // not 0 * l, which is NaN where l is -inf or was never computed
      loss -= w * l[i]!;
      dLogprobs[i] = -w;
      absoluteLoss -= Math.abs(w) * l[i]!;
      absoluteWeight += Math.abs(w);
    }
    const active = this.activePositions(inputs);
    const counts = { num_tokens: active.length, num_weighted_tokens: countMarks(active) };
    if (absoluteWeight === 0) return { loss, dLogprobs, metrics: counts };
    const nll = absoluteLoss / absoluteWeight;
    const metrics = { ...counts, mean_nll: finiteMetric(nll), perplexity: finiteMetric(Math.exp(nll)) };
    return { loss, dLogprobs, metrics };
  }

  override fusedTerms(): FusedTerms {
    return { policy: 'weights', low: -NO_LIMIT, high: NO_LIMIT, beta: 0 };
  }
}
