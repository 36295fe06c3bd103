import { HandlesOperation } from '../../../futures/index.js';
import { SaveHandler } from './save.handler.js';

/** The weights as files for other programs, which are fetched one by one. */
@HandlesOperation('save_weights_external')
export class SaveWeightsExternalHandler extends SaveHandler {
  protected override readonly kind = 'external';
}
