import { type RaggedTensor } from './ragged-tensor.js';

/**
 * What an operation takes or gives: scalars as JSON, arrays of numbers as tensors. Stored as bytes (safetensors with
 * the JSON in its metadata, see formats/operation-data.codec.ts), never as JSON text: 5 MB of numbers cost 18 ms as
 * bytes and 282 ms as jsonb.
 */
export interface OperationData {
  readonly json: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, RaggedTensor>>;
}
