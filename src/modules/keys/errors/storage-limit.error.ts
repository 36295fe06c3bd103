import { AppError } from '../../../common/errors/app-error.js';
import { type StoredAndPending } from '../storage/stored-bytes.repository.js';

const MIB = 2 ** 20;
const REMEDY =
  'Delete checkpoints (DELETE /adapters/{model_id}/checkpoints/{kind}/{name}), files (DELETE /v1/files/{file_id}) or ' +
  'adapters (DELETE /adapters/{model_id}) that are no longer needed, or ask the operator of the server to raise the limit ' +
  'stored_bytes of the key.';

/** The key stores as much as it may. 403 and not 429: waiting does not help, and clients would wait. */
export class StorageLimitError extends AppError {
  constructor({ checkpoints, states, files, pending }: StoredAndPending, limit: number) {
    const used = checkpoints + states + files;
    const parts = [
      `${mebibytes(checkpoints)} in checkpoints`,
      `${mebibytes(states)} in states of adapters`,
      `${mebibytes(files)} in files`,
    ];
    const underWay = pending > 0 ? `, and pending saves add ${mebibytes(pending)}` : '';
    super(
      'storage_limit_reached',
      'user',
      403,
      `The request would exceed the ${mebibytes(limit)} that this API key may store. It stores ${mebibytes(used)}: ` +
        `${parts.join(', ')}${underWay}. ${REMEDY}`,
      {
        limit: 'stored_bytes',
        allowed: limit,
        used,
        checkpoint_bytes: checkpoints,
        state_bytes: states,
        file_bytes: files,
        pending_bytes: pending,
        remedy: REMEDY,
      },
    );
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
