import { type OperationData } from '../../domain/operation-data.js';
import { type CheckpointKind } from '../../domain/checkpoint-path.js';
import { type SaveRequest } from './worker/checkpoint-writer.js';

/** Payloads of the checkpoint operations as they stand in the log. */

export interface LoadRequest {
  /** The adapter whose checkpoint it is; may be another one than is loaded into. */
  readonly sourceId: string;
  readonly sourceModelId: string;
  readonly kind: CheckpointKind;
  readonly name: string;
  /** Restore moments and step as well. */
  readonly optimizer: boolean;
}

export function encodeSave(request: SaveRequest): OperationData {
  return { json: { save: request }, tensors: {} };
}

export function decodeSave({ json }: OperationData): SaveRequest {
  return json['save'] as SaveRequest;
}

export function encodeLoad(request: LoadRequest): OperationData {
  return { json: { load: request }, tensors: {} };
}

export function decodeLoad({ json }: OperationData): LoadRequest {
  return json['load'] as LoadRequest;
}
