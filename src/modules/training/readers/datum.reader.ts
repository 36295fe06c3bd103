import { describe, invalid, readArray, readObject, refuseUnknownFields } from '../../../common/json/json-fields.js';
import { readTokenIds } from '../../../common/json/number-lists.js';
import { type DatumBatch } from '../../../domain/datum-batch.js';
import { offsetsOf, type RaggedTensor } from '../../../domain/ragged-tensor.js';
import { readLossInputs } from '../../../losses/loss-input-tensors.js';
import { checkContextLength, type DatumContext } from './batch-context.js';

const FORM =
  'A datum is {"model_input": {"chunks": [{"type": "encoded_text", "tokens": [...]}]}, "loss_fn_inputs": {...}}.';

/** Token-level datums, as in the Tinker API's JSON: the client has made the next-token shift itself. */
export function readDatums(data: readonly unknown[], context: DatumContext): DatumBatch {
  const datums = data.map((value, i) => {
    const datum = readObject(value, `data[${i}]`, FORM);
    refuseUnknownFields(datum, ['model_input', 'loss_fn_inputs'], `data[${i}]`);
    return datum;
  });
  const chunks = datums.map((datum, i) => readChunks(datum['model_input'], `data[${i}].model_input`));
  const lengths = chunks.map((tokens) => tokens.reduce((sum, chunk) => sum + chunk.values.length, 0));
  lengths.forEach((length, i) => checkLength(length, `data[${i}].model_input`, context));
  const offsets = offsetsOf(lengths);
  const { loss, knownInputs, model } = context;
  const inputs = datums.map((datum) => datum['loss_fn_inputs']);
  const lossInputs = readLossInputs(inputs, offsets, { loss, knownInputs, vocabSize: model.config.vocabSize });
  return { tokens: joinChunks(chunks, offsets, context), lossInputs };
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
        'Only "encoded_text" chunks are supported; the base models process text, not images or audio.',
      );
    }
    refuseUnknownFields(object, ['type', 'tokens'], path);
    return { field: `${path}.tokens`, values: readArray(object['tokens'], `${path}.tokens`, FORM) };
  });
}

function checkLength(length: number, field: string, context: DatumContext): void {
  if (length === 0) throw invalid(field, 'contains no tokens.', 'Every datum must have at least one token.');
  checkContextLength(length, field, context.model);
}

function joinChunks(
  chunks: readonly TokenChunk[][],
  offsets: Int32Array,
  context: DatumContext,
): RaggedTensor<Int32Array> {
  const data = new Int32Array(offsets[chunks.length]!);
  let at = 0;
  for (const chunk of chunks.flat()) {
    readTokenIds(chunk.values, chunk.field, context.model.config.vocabSize, data, at);
    at += chunk.values.length;
  }
  return { data, offsets, trailingShape: [] };
}
