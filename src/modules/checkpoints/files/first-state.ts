import { toOutage } from '../../../common/errors/database-outage.error.js';
import { type CheckpointStore } from '../../../storage/checkpoint-store.js';
import { type FirstState } from '../../adapters/index.js';
import { snapshotFolder, stateFolder } from '../../adapter-state/index.js';

/** What a first state is made of. */
export interface StateOrigin {
  /** Files, or a checkpoint that is copied. */
  readonly source: ReadonlyMap<string, Uint8Array> | { readonly path: string; readonly sizeBytes: number };
  readonly step: number;
  readonly digest: string;
}

/**
 * Makes an adapter with a first state: writes that where its snapshots are, then lets `create` name it in its row.
 * Nothing is left behind when that is refused.
 */
export async function withFirstState<T>(
  store: CheckpointStore,
  adapterId: string,
  { source, ...state }: StateOrigin,
  create: (firstState: FirstState) => Promise<T>,
): Promise<T> {
  const path = snapshotFolder(adapterId, 0, 0);
  await ('sizeBytes' in source ? store.copy(source.path, path) : store.write(path, source));
  try {
    return await create({ path, sizeBytes: sizeOf(source), ...state });
  } catch (error) {
    // After an outage at the commit nobody knows whether a row names them. If none does, the hourly sweep deletes them.
    if (toOutage(error) === null) await store.delete(stateFolder(adapterId));
    throw error;
  }
}

function sizeOf(source: StateOrigin['source']): number {
  if ('sizeBytes' in source) return source.sizeBytes;
  return [...source.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
