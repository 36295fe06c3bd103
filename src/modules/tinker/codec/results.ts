import { type OperationData } from '../../../domain/operation-data.js';
import { datumCount, datumValues, type RaggedTensor, rowWidth } from '../../../domain/ragged-tensor.js';
import { LOGPROBS } from '../../../operations/payloads/forward-payload.js';
import { type TinkerForwardResultDto } from '../futures/dto/results.dto.js';
import { DTYPE, ForwardBackwardOutputType } from './wire-schema.js';

/** Stored results of forward and forward_backward in the two encodings of the Tinker API. */

const OUTPUT_TYPE = 'ArrayRecord';

export function forwardToProto({ json, tensors }: OperationData): Uint8Array {
  const logprobs = tensorOf(tensors, LOGPROBS);
  const bytesPerRow = rowWidth(logprobs) * Float32Array.BYTES_PER_ELEMENT;
  const field = {
    data: bytesOf(logprobs.data),
    offsets: bytesOf(BigInt64Array.from(logprobs.offsets, (offset) => BigInt(offset * bytesPerRow))),
    dtype: DTYPE.float32,
    trailing_shape: logprobs.trailingShape,
  };
  const record = { type_tag: OUTPUT_TYPE, fields: { [LOGPROBS]: field }, num_datums: datumCount(logprobs) };
  const metrics = toWireMetrics(json['metrics']);
  const message = { loss_fn_output_type: OUTPUT_TYPE, loss_fn_outputs: [record], metrics };
  return ForwardBackwardOutputType.encode(message).finish();
}

export function forwardToJson({ json, tensors }: OperationData): TinkerForwardResultDto {
  const logprobs = tensorOf(tensors, LOGPROBS);
  const outputs = Array.from({ length: datumCount(logprobs) }, (_, i) => {
    const data = Array.from(datumValues(logprobs, i));
    const rows = data.length / rowWidth(logprobs);
    return { [LOGPROBS]: { data, dtype: 'float32', shape: [rows, ...logprobs.trailingShape] } };
  });
  return { loss_fn_output_type: OUTPUT_TYPE, loss_fn_outputs: outputs, metrics: toWireMetrics(json['metrics']) };
}

/**
 * Names as `<name>:<how chunks of one call are combined>`: the SDK adds up what has `sum`, takes the largest of what has
 * `max`, and fails on a name without exactly one colon. What is an average within a chunk stays one over chunks.
 */
export function toWireMetrics(metrics: unknown): Record<string, number> {
  const entries = Object.entries(metrics as Readonly<Record<string, number>>);
  return Object.fromEntries(
    entries.map(([name, value]) => [name.includes(':') ? name : `${name}:${howOf(name)}`, value]),
  );
}

function howOf(name: string): 'sum' | 'min' | 'max' | 'mean' {
  if (name.startsWith('num_')) return 'sum';
  if (name.startsWith('max_')) return 'max';
  return name.startsWith('min_') ? 'min' : 'mean';
}

/** @throws TypeError when it is not there */
export function tensorOf(tensors: OperationData['tensors'], name: string): RaggedTensor {
  const tensor = tensors[name];
  if (!tensor) throw new TypeError(`A stored result has no ${name}.`);
  return tensor;
}

export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
