import {
  Loss,
  type LossConfig,
  LossFunction,
  type LossInputs,
  type LossResult,
  type RaggedTensor,
  TARGET_TOKENS,
  WEIGHTS,
} from 'thinker/losses';

/**
 * Focal loss (arXiv:1708.02002) on tokens: reduces the weight of tokens that the model already predicts confidently.
 *
 *   p_t = exp(l_t)
 *   loss = - sum_t w_t (1 - p_t)^gamma l_t
 *   dLoss/dl_t = - w_t (1 - p_t)^(gamma - 1) (1 - p_t - gamma p_t l_t)
 */
@Loss({
  name: 'focal',
  description: 'Negative log-likelihood that down-weights confident tokens',
  inputs: [TARGET_TOKENS, WEIGHTS],
  config: [{ name: 'gamma', default: 2, min: 1, max: 10, description: 'Focusing parameter; 1 or more.' }],
})
export class FocalLoss extends LossFunction {
  override compute(logprobs: RaggedTensor<Float32Array>, inputs: LossInputs, config: LossConfig): LossResult {
    const gamma = config.gamma!;
    const weights = inputs.weights?.data;
    const active = this.activePositions(inputs);
    const dLogprobs = new Float64Array(logprobs.data.length);
    let loss = 0;
    let tokens = 0;
    logprobs.data.forEach((l, i) => {
      // Positions with weight 0 may contain NaN, because they are not computed.
      if (active[i] === 0) return;
      const w = weights?.[i] ?? 1;
      const doubt = -Math.expm1(l); // 1 - p, exact where p is close to 1
      loss -= w * doubt ** gamma * l;
      dLogprobs[i] = -w * doubt ** (gamma - 1) * (doubt - gamma * (1 - doubt) * l);
      tokens++;
    });
    return { loss, dLogprobs, metrics: { num_weighted_tokens: tokens } };
  }
}
