import { HandlesOperation } from '../../../futures/index.js';
import { SaveHandler } from './save.handler.js';

/** A named checkpoint with optimiser state: training goes on from it as if it had never stopped. */
@HandlesOperation('save_weights')
export class SaveWeightsHandler extends SaveHandler {
  protected override readonly kind = 'training';
}
