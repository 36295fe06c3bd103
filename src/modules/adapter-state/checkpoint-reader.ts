import { type StateSource } from '../../compute/compute-backend.js';
import { type LoadRequest } from '../../operations/payloads/load-payload.js';
import { type AdapterEntity } from '../adapters/index.js';

/** Finds what load_weights loads; the checkpoints module, which builds on this one, provides it. */
export abstract class CheckpointReader {
  /**
   * Where the backend finds the state that the checkpoint holds now, if it fits the adapter.
   * @throws CheckpointNotFoundError, CheckpointMismatchError
   */
  abstract find(adapter: AdapterEntity, request: LoadRequest): Promise<StateSource>;
}
