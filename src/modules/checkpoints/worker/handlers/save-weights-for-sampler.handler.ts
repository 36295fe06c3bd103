import { HandlesOperation } from '../../../futures/index.js';
import { SaveHandler } from './save.handler.js';

/** An immutable snapshot of the weights, to sample from. */
@HandlesOperation('save_weights_for_sampler')
export class SaveWeightsForSamplerHandler extends SaveHandler {
  protected override readonly kind = 'sampler';
}
