import { invalid } from '../../../common/json/json-fields.js';
import { shortened } from '../../../common/shortened.js';
import { measureMessage } from './proto-size.js';
import { checkDatumCount, DTYPES, MAX_DATUMS, refuseChunk, type WireDatum, type WireTensor } from './wire-datum.js';
import {
  BFLOAT16,
  DTYPE,
  ForwardBackwardRequestType,
  type ProtoForwardRequest,
  type ProtoTensor,
} from './wire-schema.js';

/** A forward or forward_backward request, read but not yet checked against model and loss. */
export interface WireForwardRequest {
  readonly modelId: string;
  readonly seqId?: number;
  readonly data: readonly WireDatum[];
  readonly loss: string;
  readonly lossConfig: Readonly<Record<string, unknown>>;
  readonly forwardOnly: boolean;
}

/** 64 for each of MAX_DATUMS; the SDK's have 4, and 8 for each input. */
const MAX_FIELDS = 2 ** 19;
const REMEDY = 'Send a tinker_public.ForwardBackwardRequest (protocol/tinker_public.proto) or JSON.';

/** @throws InvalidRequestError for bytes that are no such message, and for what this server cannot use */
export function readProtoRequest(bytes: Uint8Array): WireForwardRequest {
  const message = decode(bytes);
  if (message.model_id === '') throw invalid('model_id', 'is missing.', REMEDY);
  const config: Record<string, unknown> = { ...message.loss_fn_config };
  // Text is passed on, so that the check of the loss's config refuses it by name.
  for (const [key, value] of Object.entries(message.loss_fn_config_v2)) config[key] = value.text ?? value.number ?? 0;
  return {
    modelId: message.model_id,
    // 0 is protobuf's "not given"; the SDK counts from 1.
    seqId: message.seq_id === 0 ? undefined : message.seq_id,
    data: message.data.map((datum, i) => ({
      tokens: joinChunks(datum.model_input, `data[${i}].model_input`),
      inputs: Object.fromEntries(
        Object.entries(datum.loss_fn_inputs).map(([name, tensor]) => {
          return [name, readTensor(tensor, `data[${i}].loss_fn_inputs.${shortened(name)}`)];
        }),
      ),
    })),
    loss: message.loss_fn,
    lossConfig: config,
    forwardOnly: message.forward_only,
  };
}

function decode(bytes: Uint8Array): ProtoForwardRequest {
  const { datums, fields } = readable(() =>
    measureMessage(bytes, ForwardBackwardRequestType, { datums: MAX_DATUMS, fields: MAX_FIELDS }),
  );
  checkDatumCount(datums);
  if (fields > MAX_FIELDS) {
    throw invalid(
      'body',
      `contains more than ${MAX_FIELDS} fields.`,
      'Send fewer datums per request: gradients accumulate.',
    );
  }
  return readable(() => {
    const message = ForwardBackwardRequestType.decode(bytes);
    const plain: unknown = ForwardBackwardRequestType.toObject(message, { defaults: true, oneofs: true });
    return plain as ProtoForwardRequest;
  });
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid('body', `cannot be read as protobuf: ${reason}.`, REMEDY);
  }
}

function joinChunks(chunks: ProtoForwardRequest['data'][number]['model_input'], field: string): Int32Array {
  const parts = chunks.map((chunk, k) => {
    if (!chunk.encoded_text) refuseChunk(chunk.chunk ?? 'unknown', `${field}[${k}]`);
    return readInt32(chunk.encoded_text.tokens, `${field}[${k}].tokens`);
  });
  const tokens = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    tokens.set(part, at);
    at += part.length;
  }
  return tokens;
}

function readTensor(tensor: ProtoTensor, field: string): WireTensor {
  const shape = tensor.shape.map((size) => (typeof size === 'number' ? size : size.toNumber()));
  // A tensor without a shape is a list of numbers.
  const sized = shape.length > 0 ? { shape } : {};
  if (!tensor.sparse_csr)
    return { values: readNumbers(tensor.dense ?? new Uint8Array(), tensor.dtype, field), ...sized };
  const { values, crow_indices: rowStarts, col_indices: columns } = tensor.sparse_csr;
  const sparse = { rowStarts: readInt64(rowStarts, field), columns: readInt64(columns, field) };
  return { values: readNumbers(values, tensor.dtype, field), ...sized, sparse };
}

function readNumbers(bytes: Uint8Array, dtype: number, field: string): ArrayLike<unknown> {
  switch (dtype) {
    case DTYPE.float32:
      return new Float32Array(aligned(bytes, 4, field));
    case DTYPE.int64:
      return readInt64(bytes, field);
    case DTYPE.int32:
      return readInt32(bytes, field);
    default:
      throw invalid(`${field}.dtype`, `is ${dtype === BFLOAT16 ? 'bfloat16' : dtype}.`, DTYPES);
  }
}

function readInt32(bytes: Uint8Array, field: string): Int32Array {
  return new Int32Array(aligned(bytes, 4, field));
}

function readInt64(bytes: Uint8Array, field: string): BigInt64Array {
  return new BigInt64Array(aligned(bytes, 8, field));
}

/** A copy: the message's own bytes may begin at any address. Both sides are little-endian. */
function aligned(bytes: Uint8Array, size: number, field: string): ArrayBuffer {
  if (bytes.length % size === 0) return Uint8Array.from(bytes).buffer;
  throw invalid(field, `has ${bytes.length} bytes, which is not a multiple of ${size}.`, REMEDY);
}
