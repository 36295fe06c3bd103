import { type UnreplayedOperation } from '../operation-definition.js';
import { emptyPayload } from '../payloads/empty-payload.js';

/** Frees the memory of an adapter; the next operation on it rebuilds it. */
export const unloadAdapterOperation: UnreplayedOperation<null> = {
  ...emptyPayload,
  readOnly: false,
  cancellable: false,
  acceptedWhenFull: true,
  notReplayed: 'only the location of the state changes, not the state',
};
