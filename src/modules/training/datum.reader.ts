import {
  describe,
  invalid,
  type JsonObject,
  readArray,
  readObject,
  refuseUnknownFields,
} from '../../common/json/json-fields.js';
import { readTokenIds } from '../../common/json/number-lists.js';
import { type DatumBatch } from '../../domain/datum-batch.js';
import { offsetsOf, type RaggedTensor } from '../../domain/ragged-tensor.js';
import { type LossInputSpec } from '../losses/index.js';
import { type BatchContext, checkContextLength } from './batch-context.js';
import { joinTensors, readWireTensor, type WireTensor } from './loss-input-tensors.js';

const FORM =
  'A datum is {"model_input": {"chunks": [{"type": "encoded_text", "tokens": [...]}]}, "loss_fn_inputs": {...}}.';

/** Token-level datums, as in the Tinker API's JSON: the client has made the next-token shift itself. */
export function readDatums(data: readonly unknown[], context: BatchContext): DatumBatch {
  const datums = data.map((value, i) => {
    const datum = readObject(value, `data[${i}]`, FORM);
    refuseUnknownFields(datum, ['model_input', 'loss_fn_inputs'], `data[${i}]`);
    return datum;
  });
  const chunks = datums.map((datum, i) => readChunks(datum['model_input'], `data[${i}].model_input`));
  const lengths = chunks.map((tokens) => tokens.reduce((sum, chunk) => sum + chunk.values.length, 0));
  lengths.forEach((length, i) => checkLength(length, `data[${i}].model_input`, context));
  const offsets = offsetsOf(lengths);
  return { tokens: joinChunks(chunks, offsets, context), lossInputs: readLossInputs(datums, offsets, context) };
}

interface TokenChunk {
  readonly field: string;
  readonly values: readonly unknown[];
}

function readChunks(value: unknown, field: string): TokenChunk[] {
  const input = readObject(value, field, FORM);
  refuseUnknownFields(input, ['chunks'], field);
  return readArray(input['chunks'], `${field}.chunks`, FORM).map((chunk, k) => {
    const path = `${field}.chunks[${k}]`;
    const object = readObject(chunk, path, FORM);
    if (object['type'] !== 'encoded_text') {
      throw invalid(
        `${path}.type`,
        `is ${describe(object['type'])}.`,
        'Only "encoded_text" chunks can be used; the base models read text, not images or audio.',
      );
    }
    refuseUnknownFields(object, ['type', 'tokens'], path);
    return { field: `${path}.tokens`, values: readArray(object['tokens'], `${path}.tokens`, FORM) };
  });
}

function checkLength(length: number, field: string, context: BatchContext): void {
  if (length === 0) throw invalid(field, 'holds no tokens.', 'Every datum needs at least one token.');
  checkContextLength(length, field, context.model);
}

function joinChunks(
  chunks: readonly TokenChunk[][],
  offsets: Int32Array,
  context: BatchContext,
): RaggedTensor<Int32Array> {
  const data = new Int32Array(offsets[chunks.length]!);
  let at = 0;
  for (const chunk of chunks.flat()) {
    readTokenIds(chunk.values, chunk.field, context.model.config.vocabSize, data, at);
    at += chunk.values.length;
  }
  return { data, offsets, trailingShape: [] };
}

function readLossInputs(
  datums: readonly JsonObject[],
  offsets: Int32Array,
  context: BatchContext,
): Record<string, RaggedTensor> {
  const inputs = datums.map((datum, i) => {
    const field = `data[${i}].loss_fn_inputs`;
    const object = readObject(datum['loss_fn_inputs'], field, FORM);
    refuseUnknownFields(object, context.knownInputs, field);
    return object;
  });
  const result: Record<string, RaggedTensor> = {};
  for (const spec of context.loss.inputs) {
    const tensors = collect(spec, inputs, offsets);
    if (tensors.length === 0) continue;
    const vocabSize = spec.dtype === 'int' ? context.model.config.vocabSize : undefined;
    result[spec.name] = joinTensors(tensors, offsets, vocabSize);
  }
  return result;
}

/** One input of all datums: all of them have it, or, where it is optional, none. */
function collect(spec: LossInputSpec, inputs: readonly JsonObject[], offsets: Int32Array): WireTensor[] {
  const given = inputs.filter((input) => input[spec.name] !== undefined).length;
  if (given === 0 && !spec.required) return [];
  return inputs.map((input, i) => {
    const field = `data[${i}].loss_fn_inputs.${spec.name}`;
    const value = input[spec.name];
    if (value !== undefined) return readWireTensor(value, field, offsets[i + 1]! - offsets[i]!);
    const remedy = spec.required
      ? `This loss needs it: ${spec.description}`
      : 'Give an optional input for every datum of the request or for none.';
    throw invalid(field, 'is missing.', remedy);
  });
}
