import { AppError } from '../../../common/errors/app-error.js';

/** Neither snapshots nor the log give the adapter's state at this position of the log any more. */
export class StateLostError extends AppError {
  constructor(modelId: string, reason: string) {
    super(
      'state_lost',
      'server',
      500,
      `The state of adapter '${modelId}' cannot be rebuilt: ${reason}. Its files in DATA_DIR may have been modified or ` +
        `lost; restore them from a backup, or create another adapter and load the last checkpoint with POST /load_weights.`,
    );
  }
}
