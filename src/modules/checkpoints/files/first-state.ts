import { toOutage } from '../../../common/errors/database-outage.error.js';
import { type CheckpointStore } from '../../../storage/checkpoint-store.js';
import { type FirstState } from '../../adapters/index.js';
import { snapshotFolder, stateFolder } from '../../adapter-state/index.js';

/**
 * Makes an adapter whose first state are the given files: writes them where its snapshots are, then lets `create` name
 * them in its row. Nothing is left behind when that is refused.
 */
export async function withFirstState<T>(
  store: CheckpointStore,
  adapterId: string,
  { files, ...state }: { files: ReadonlyMap<string, Uint8Array>; step: number; digest: string },
  create: (firstState: FirstState) => Promise<T>,
): Promise<T> {
  const path = snapshotFolder(adapterId, 0, 0);
  const sizeBytes = [...files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  await store.write(path, files);
  try {
    return await create({ path, sizeBytes, ...state });
  } catch (error) {
    // After an outage at the commit nobody knows whether a row names them. If none does, the hourly sweep deletes them.
    if (toOutage(error) === null) await store.delete(stateFolder(adapterId));
    throw error;
  }
}
