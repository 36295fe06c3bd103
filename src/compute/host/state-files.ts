import { type AdapterState } from '../../domain/adapter/adapter-state.js';
import { toFiles } from '../../storage/adapter-files.js';
import { type CheckpointStore } from '../../storage/checkpoint-store.js';
import { type AdapterHandle, type SavedState, type StateParts, type StateRef } from '../compute-backend.js';
import { stateDigest } from '../numerics/state-digest.js';

/** Writes a state, or parts of it, as the files of a checkpoint: whole or not at all. */
export async function writeState(
  store: CheckpointStore,
  to: StateRef,
  adapter: Pick<AdapterHandle, 'baseModel' | 'lora'>,
  state: AdapterState,
  parts: StateParts,
): Promise<SavedState> {
  const saved = parts === 'all' ? state : { ...state, gradients: null };
  const files = toFiles(adapter, saved, { optimizer: parts !== 'weights' });
  const digest = await stateDigest(saved);
  // Last, so that its files are named in a row as soon as they are there.
  await store.write(to, files);
  return {
    digest,
    step: saved.step,
    hasGradients: saved.gradients !== null,
    bytes: [...files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
  };
}
