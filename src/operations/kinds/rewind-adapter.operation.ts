import { type ReplayedOperation } from '../operation-definition.js';

export interface RewindRequest {
  /** The position in the log of the operation to go back to. */
  readonly position: number;
}

/** Gives the adapter the state back that it had after an earlier operation, bit for bit. */
export const rewindAdapterOperation: ReplayedOperation<RewindRequest> = {
  readOnly: false,
  cancellable: true,
  replayReads: 'earlier state',

  encode: (request) => ({ json: { rewind: request }, tensors: {} }),
  decode: ({ json }) => json['rewind'] as RewindRequest,

  async apply({ backend, adapterId, rewindTo }, { position }) {
    const { step, hasGradients } = await rewindTo(position);
    const digest = await backend.digestState(adapterId);
    const json = { step, digest, has_gradients: hasGradients };
    return { result: { json, tensors: {} }, effect: { step, digest, hasGradients } };
  },
};
