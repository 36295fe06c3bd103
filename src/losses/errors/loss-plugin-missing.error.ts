import { AppError } from '../../common/errors/app-error.js';
import { type LossReference } from '../../domain/loss.js';

/** A request of the log was accepted with a loss that this process has not loaded. The adapter's state is not lost. */
export class LossPluginMissingError extends AppError {
  constructor({ name, plugin }: LossReference) {
    const file = plugin === undefined ? '' : ` (a file with ${plugin})`;
    const remedy =
      'Restore its file in a folder of LOSS_PLUGINS, on every API and worker, and restart them. State and log are ' +
      'unchanged, and requests that failed in the meantime can be sent again.';
    super(
      'loss_plugin_missing',
      'server',
      503,
      `Loss plugin '${name}'${file} is not loaded, but an accepted request needs it. ${remedy}`,
      { remedy, ...(plugin === undefined ? {} : { plugin }) },
    );
  }
}
