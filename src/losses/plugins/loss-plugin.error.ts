import { AppError } from '../../common/errors/app-error.js';

/** A file of LOSS_PLUGINS cannot be used; the process does not start. */
export class LossPluginError extends AppError {
  constructor(where: string, problem: string, options: { remedy?: string; cause?: unknown } = {}) {
    const { remedy = 'Fix the file, or remove it from the folder in LOSS_PLUGINS.', cause } = options;
    super('invalid_loss_plugin', 'server', 500, `Loss plugin ${where}: ${problem} ${remedy}`, { remedy }, { cause });
  }
}
