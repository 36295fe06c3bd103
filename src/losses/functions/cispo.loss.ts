import { type FusedTerms, type LossInputs } from '../../domain/loss.js';
import { type RaggedTensor } from '../../domain/ragged-tensor.js';
import { Loss, type LossConfig, requiredInput } from '../loss-function.js';
import { clipThresholds, POLICY_INPUTS, PolicyLoss, type PolicyTermFunction } from './policy-loss.js';

/**
 * CISPO (MiniMax-M1, arXiv:2506.13585, equation 4), with the thresholds on the ratio itself as in the Tinker API: the
 * importance weight is clipped and takes no gradient, so every token keeps its own.
 *
 *   r_t = exp(l_t - q_t)
 *   loss = - sum_t w_t sg[clip(r_t, low, high)] l_t A_t    (sg: no gradient)
 *   dLoss/dl_t = - w_t clip(r_t, low, high) A_t
 */
@Loss({
  name: 'cispo',
  description:
    'Clipped importance sampling policy optimization: clips the importance weight and keeps the gradient of every token',
  inputs: POLICY_INPUTS,
  config: clipThresholds(0, 4),
  sumOverDatums: true,
})
export class CispoLoss extends PolicyLoss {
  protected override termFunction(config: LossConfig): PolicyTermFunction {
    const { low, high } = this.clipBounds(config);
    return (l, q, advantage, term) => {
      const clipped = Math.min(Math.max(Math.exp(l - q), low), high);
      term.gradient = -clipped * advantage;
      term.loss = term.gradient * l;
    };
  }

  override surrogate(
    { data: l }: RaggedTensor<Float32Array>,
    inputs: LossInputs,
    config: LossConfig,
    { data: held }: RaggedTensor<Float32Array>,
  ): number {
    const { low, high } = this.clipBounds(config);
    const q = requiredInput(inputs, 'logprobs').data;
    const advantages = requiredInput(inputs, 'advantages').data;
    return l.reduce((sum, _, i) => {
      const ratio = Math.exp(held[i]! - q[i]!);
      const w = inputs.weights?.data[i] ?? 1;
      return sum - w * Math.min(Math.max(ratio, low), high) * l[i]! * advantages[i]!;
    }, 0);
  }

  protected override clipBounds(config: LossConfig): { low: number; high: number } {
    return { low: config.clip_low_threshold!, high: config.clip_high_threshold! };
  }

  override fusedTerms(config: LossConfig): FusedTerms {
    return { policy: 'clipped_ratio', ...this.clipBounds(config), beta: 0 };
  }
}
