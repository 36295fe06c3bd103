import {
  describe,
  invalid,
  isGiven,
  type JsonObject,
  readArray,
  readObject,
  readString,
} from '../../../common/json/json-fields.js';
import { shortened } from '../../../common/shortened.js';
import { type WireForwardRequest } from './proto-request.js';
import { checkDatumCount, DTYPES, numberOf, refuseChunk, type WireDatum, type WireTensor } from './wire-datum.js';
import { DTYPE } from './wire-schema.js';

/** The same request as JSON, as SDKs up to 0.24.1 send it. Fields that are not known are ignored. */

const BODY = 'Send {"model_id", "seq_id", "forward_backward_input" or "forward_input": {"data", "loss_fn", ...}}.';
const DATUM = 'A datum is {"model_input": {"chunks": [...]}, "loss_fn_inputs": {...}}.';
const TENSOR = 'A tensor is {"data": [numbers], "dtype": "float32" or "int64", "shape": [N] or [N, K]}.';

/** @throws InvalidRequestError that names the field */
export function readJsonRequest(value: unknown, input: 'forward_backward_input' | 'forward_input'): WireForwardRequest {
  const body = readObject(value, 'body', BODY);
  const { data, loss_fn: loss, loss_fn_config: config } = readObject(body[input], input, BODY);
  const datums = readArray(data, `${input}.data`, BODY);
  checkDatumCount(datums.length);
  return {
    modelId: readString(body['model_id'], 'model_id', BODY),
    seqId: readSeqId(body['seq_id']),
    data: datums.map((datum, i) => readDatum(datum, `data[${i}]`)),
    loss: readString(loss, `${input}.loss_fn`, BODY),
    lossConfig: isGiven(config) ? readObject(config, `${input}.loss_fn_config`, BODY) : {},
    forwardOnly: input === 'forward_input',
  };
}

function readSeqId(value: unknown): number | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid('seq_id', `is ${describe(value)}.`, 'Number the requests of a model 1, 2, 3, ...');
}

function readDatum(value: unknown, field: string): WireDatum {
  const datum = readObject(value, field, DATUM);
  const inputs = Object.entries(readObject(datum['loss_fn_inputs'], `${field}.loss_fn_inputs`, DATUM));
  return {
    tokens: readModelInput(datum['model_input'], `${field}.model_input`),
    inputs: Object.fromEntries(
      inputs.map(([name, tensor]) => [name, readTensor(tensor, `${field}.loss_fn_inputs.${shortened(name)}`)]),
    ),
  };
}

/** The tokens of `{"chunks": [...]}`, in order. */
export function readModelInput(value: unknown, field: string): readonly unknown[] {
  const chunks = readArray(readObject(value, field, DATUM)['chunks'], `${field}.chunks`, DATUM);
  return chunks.flatMap((value, k) => {
    const path = `${field}.chunks[${k}]`;
    const chunk: JsonObject = readObject(value, path, DATUM);
    // Tokens without a type are text: the only other kinds carry images or audio.
    const type = chunk['type'] ?? ('tokens' in chunk ? 'encoded_text' : 'unknown');
    if (type !== 'encoded_text') refuseChunk(typeof type === 'string' ? type : describe(type), path);
    return readArray(chunk['tokens'], `${path}.tokens`, DATUM);
  });
}

/** `{data, dtype?, shape?, sparse_crow_indices?, sparse_col_indices?}`, or a bare list of numbers. */
export function readTensor(value: unknown, field: string): WireTensor {
  if (Array.isArray(value)) return { values: value };
  const tensor = readObject(value, field, TENSOR);
  const { dtype, shape, sparse_crow_indices: rowStarts, sparse_col_indices: columns } = tensor;
  // The loss says what numbers it reads; those of another type may not mean what they look like.
  if (isGiven(dtype) && !(typeof dtype === 'string' && Object.hasOwn(DTYPE, dtype))) {
    throw invalid(`${field}.dtype`, `is ${describe(dtype)}.`, DTYPES);
  }
  const list = (item: unknown, name: string) => readArray(item, `${field}.${name}`, TENSOR);
  return {
    values: list(tensor['data'], 'data'),
    ...(isGiven(shape) ? { shape: list(shape, 'shape').map(numberOf) } : {}),
    ...(isGiven(rowStarts) || isGiven(columns)
      ? { sparse: { rowStarts: list(rowStarts, 'sparse_crow_indices'), columns: list(columns, 'sparse_col_indices') } }
      : {}),
  };
}
