import { type FusedTerms } from '../../domain/loss.js';
import { Loss, NO_LIMIT } from '../loss-function.js';
import { POLICY_INPUTS, PolicyLoss, type PolicyTermFunction } from './policy-loss.js';

/**
 * REINFORCE (Williams 1992) with an importance weight for tokens drawn from another policy, as the Tinker API defines it:
 *
 *   r_t = exp(l_t - q_t)
 *   loss = - sum_t w_t r_t A_t
 *   dLoss/dl_t = - w_t r_t A_t    (the gradient flows through the ratio)
 */
@Loss({
  name: 'importance_sampling',
  description: 'REINFORCE with importance sampling for RL',
  inputs: POLICY_INPUTS,
  config: [],
  sumOverDatums: true,
})
export class ImportanceSamplingLoss extends PolicyLoss {
  protected override termFunction(): PolicyTermFunction {
    return (l, q, advantage, term) => {
      term.loss = -Math.exp(l - q) * advantage;
      term.gradient = term.loss;
    };
  }

  override fusedTerms(): FusedTerms {
    return { policy: 'ratio', low: -NO_LIMIT, high: NO_LIMIT, beta: 0 };
  }
}
