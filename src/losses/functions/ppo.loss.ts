import { type FusedTerms } from '../../domain/loss.js';
import { Loss, type LossConfig } from '../loss-function.js';
import { clipThresholds, POLICY_INPUTS, PolicyLoss, type PolicyTermFunction } from './policy-loss.js';

/**
 * Proximal Policy Optimization's clipped objective (arXiv:1707.06347, equation 7), with the thresholds on the ratio
 * itself as in the Tinker API:
 *
 *   r_t = exp(l_t - q_t)
 *   loss = - sum_t w_t min(r_t A_t, clip(r_t, low, high) A_t)
 *   dLoss/dl_t = - w_t r_t A_t, but 0 where (A_t > 0 and r_t > high) or (A_t < 0 and r_t < low)
 */
@Loss({
  name: 'ppo',
  description: 'Proximal Policy Optimization with clipping for RL',
  inputs: POLICY_INPUTS,
  config: clipThresholds(0.8, 1.2),
  sumOverDatums: true,
})
export class PpoLoss extends PolicyLoss {
  protected override termFunction(config: LossConfig): PolicyTermFunction {
    const { low, high } = this.clipBounds(config);
    return (l, q, advantage, term) => {
      const ratio = Math.exp(l - q);
      const stopped = (advantage > 0 && ratio > high) || (advantage < 0 && ratio < low);
      const bound = advantage > 0 ? high : low;
      term.loss = -(stopped ? bound : ratio) * advantage;
      term.gradient = stopped ? 0 : term.loss;
    };
  }

  protected override clipBounds(config: LossConfig): { low: number; high: number } {
    return { low: config.clip_low_threshold!, high: config.clip_high_threshold! };
  }

  override fusedTerms(config: LossConfig): FusedTerms {
    return { policy: 'ratio', ...this.clipBounds(config), beta: 0 };
  }
}
