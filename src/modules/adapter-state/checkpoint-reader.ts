import { type AdapterState } from '../../domain/adapter/adapter-state.js';
import { type LoadRequest } from '../../operations/payloads/load-payload.js';
import { type AdapterEntity } from '../adapters/index.js';

/** Reads what load_weights loads; the checkpoints module, which builds on this one, provides it. */
export abstract class CheckpointReader {
  /**
   * The state that the checkpoint holds now, if it fits the adapter.
   * @throws CheckpointNotFoundError, CheckpointMismatchError, StorageError
   */
  abstract read(adapter: AdapterEntity, request: LoadRequest): Promise<AdapterState>;
}
