import { type CheckpointKind } from '../../domain/checkpoint-path.js';
import { type OperationKind } from '../../domain/operation.js';
import { type OperationData } from '../../domain/operation-data.js';

/** The operation that saves each kind of checkpoint. */
export const SAVE_OPERATIONS: Readonly<Record<CheckpointKind, OperationKind>> = {
  training: 'save_weights',
  sampler: 'save_weights_for_sampler',
  external: 'save_weights_external',
};

/** What a save writes; the kind of checkpoint follows from the operation's kind. */
export interface SaveRequest {
  readonly name: string;
  readonly overwrite: boolean;
  readonly ttlSeconds: number | null;
  /** The id of the checkpoint's row, where it is already known. */
  readonly checkpointId?: string;
  readonly userMetadata?: Readonly<Record<string, string>>;
  /** age recipients that the files are encrypted to; without any, they are not encrypted. */
  readonly recipients?: readonly string[];
}

export const savePayload = {
  encode: (request: SaveRequest): OperationData => ({ json: { save: request }, tensors: {} }),
  decode: ({ json }: OperationData) => json['save'] as SaveRequest,
};
