import { type UnreplayedOperation } from '../operation-definition.js';
import { emptyPayload } from '../payloads/empty-payload.js';

/** Frees what a deleted adapter still has: memory, state snapshots and checkpoints. */
export const deleteAdapterOperation: UnreplayedOperation<null> = {
  ...emptyPayload,
  readOnly: false,
  cancellable: false,
  acceptedWhenFull: true,
  notReplayed: 'a deleted adapter is not rebuilt; a fork of it is rebuilt from operations before the deletion',
};
