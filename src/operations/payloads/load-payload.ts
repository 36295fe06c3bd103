import { type CheckpointKind } from '../../domain/checkpoint-path.js';
import { type OperationData } from '../../domain/operation-data.js';

/** Which checkpoint to load, and how much of it. */
export interface LoadRequest {
  /** The adapter that the checkpoint was saved from; may differ from the one that it is loaded into. */
  readonly sourceId: string;
  readonly sourceModelId: string;
  readonly kind: CheckpointKind;
  readonly name: string;
  /** Restores moments and step as well. */
  readonly optimizer: boolean;
}

export const loadPayload = {
  encode: (request: LoadRequest): OperationData => ({ json: { load: request }, tensors: {} }),
  decode: ({ json }: OperationData) => json['load'] as LoadRequest,
};
