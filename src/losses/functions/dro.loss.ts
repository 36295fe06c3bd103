import { type FusedTerms, type LossInputs } from '../../domain/loss.js';
import { Loss, type LossConfig, NO_LIMIT, weightedPositions } from '../loss-function.js';
import { POLICY_INPUTS, PolicyLoss, type PolicyTermFunction } from './policy-loss.js';

/**
 * Direct Reward Optimization's policy term (arXiv:2405.19107), as the Tinker API defines it: the advantage, with a
 * quadratic pull of the log-prob towards the sampler's.
 *
 *   loss = - sum_t w_t (l_t A_t - (beta / 2) (l_t - q_t)^2)
 *   dLoss/dl_t = - w_t (A_t - beta (l_t - q_t))
 *
 * The pull acts on positions of advantage 0 too, so without weights every position counts.
 */
@Loss({
  name: 'dro',
  description:
    'Direct reward optimization: advantage-weighted log-likelihood with a quadratic penalty towards the sampling policy',
  inputs: POLICY_INPUTS,
  config: [
    { name: 'beta', default: 0.05, min: 0, description: 'Strength of the penalty towards the sampling policy.' },
  ],
  sumOverDatums: true,
})
export class DroLoss extends PolicyLoss {
  override activePositions(inputs: LossInputs): Uint8Array {
    return weightedPositions(inputs);
  }

  protected override termFunction(config: LossConfig): PolicyTermFunction {
    const beta = config.beta!;
    return (l, q, advantage, term) => {
      const distance = l - q;
      term.loss = -(l * advantage - (beta / 2) * distance * distance);
      term.gradient = -(advantage - beta * distance);
    };
  }

  override fusedTerms(config: LossConfig): FusedTerms {
    return { policy: 'dro', low: -NO_LIMIT, high: NO_LIMIT, beta: config.beta! };
  }
}
