import {
  invalid,
  type JsonObject,
  readArray,
  readObject,
  readString,
  refuseUnknownFields,
} from '../../common/json/json-fields.js';
import { type DatumBatch } from '../../domain/datum-batch.js';
import { type LossReference, type LossResult } from '../../domain/loss.js';
import { offsetsOf, type RaggedTensor } from '../../domain/ragged-tensor.js';
import { readLossDefinition } from './loss-definition.reader.js';
import { type LossConfig, type LossFunction, TARGET_TOKENS } from './loss-function.js';
import { joinTensors, readLossInputs, readWireTensor } from './loss-input-tensors.js';

/** A loss tried on numbers of the client: no model takes part, so log-probs are given like any input. */

const FORM = 'Give [{"target_logprobs": [-1.2, -0.3], "loss_fn_inputs": {"weights": [1, 1]}}, ...].';
const BODY = 'Send {"loss_fn": name or "definition": {...}, "data": [...], "loss_fn_config"?: {...}}.';
/** It is computed while the sender waits. */
const MOST_NUMBERS = 4096;
const ANY_TOKEN = 2 ** 31 - 1;

export interface PreviewBatch {
  readonly batch: DatumBatch;
  readonly logprobs: RaggedTensor<Float32Array>;
}

export interface PreviewRequest {
  /** The name of a loss that there is, or one that need not be registered. */
  readonly reference: string | LossReference;
  readonly config: JsonObject;
  readonly data: unknown;
}

export function readPreview(value: unknown): PreviewRequest {
  const body = readObject(value, 'body', BODY);
  refuseUnknownFields(body, ['loss_fn', 'definition', 'loss_fn_config', 'data'], '');
  const { data } = body;
  const config = readObject(body['loss_fn_config'] ?? {}, 'loss_fn_config', 'Give {"name": number}.');
  const name = body['loss_fn'] ?? undefined;
  const given = body['definition'] ?? undefined;
  if ((name === undefined) === (given === undefined)) {
    throw invalid('loss_fn', given === undefined ? 'is missing.' : 'and definition exclude each other.', BODY);
  }
  if (given === undefined) return { reference: readString(name, 'loss_fn', BODY), config, data };
  const definition = readLossDefinition(given, 'definition');
  return { reference: { name: definition.name, definition }, config, data };
}

/** `data` of the request: for each datum log-probs and what the loss reads, with target_tokens left out. */
export function readPreviewBatch(value: unknown, loss: LossFunction, knownInputs: readonly string[]): PreviewBatch {
  const data = readArray(value, 'data', FORM);
  if (data.length === 0) throw invalid('data', 'is empty.', FORM);
  const datums = data.map((entry, i) => {
    const datum = readObject(entry, `data[${i}]`, FORM);
    refuseUnknownFields(datum, ['target_logprobs', 'loss_fn_inputs'], `data[${i}]`);
    return datum;
  });
  const lists = datums.map((datum, i) => readLogprobs(datum, `data[${i}].target_logprobs`));
  const offsets = offsetsOf(lists.map(({ length }) => length));
  const count = offsets.at(-1)!;
  if (count > MOST_NUMBERS) {
    throw invalid(
      'data',
      `holds ${count} log-probs.`,
      `A preview takes at most ${MOST_NUMBERS}; a training request may have many more.`,
    );
  }
  const tensors = lists.map((list, i) => readWireTensor(list, `data[${i}].target_logprobs`, list.length));
  const inputs = datums.map(({ loss_fn_inputs: given }) => given ?? {});
  const targets: RaggedTensor<Int32Array> = { data: new Int32Array(count), offsets, trailingShape: [] };
  const { inputs: specs, ...metadata } = loss.metadata;
  const others = specs.filter(({ name }) => name !== TARGET_TOKENS.name);
  const context = { loss: { ...metadata, inputs: others }, knownInputs, vocabSize: ANY_TOKEN };
  const lossInputs = { ...readLossInputs(inputs, offsets, context), [TARGET_TOKENS.name]: targets };
  return {
    batch: { tokens: targets, lossInputs },
    logprobs: joinTensors(tensors, offsets) as RaggedTensor<Float32Array>,
  };
}

function readLogprobs(datum: JsonObject, field: string): readonly unknown[] {
  const list = readArray(datum['target_logprobs'], field, FORM);
  if (list.length > 0) return list;
  throw invalid(field, 'is empty.', 'Give the log-prob of at least one target.');
}

/** @throws InvalidRequestError where the loss is no number */
export function previewLoss(loss: LossFunction, { batch, logprobs }: PreviewBatch, config: LossConfig): LossResult {
  const result = loss.compute(logprobs, batch.lossInputs, config);
  if (Number.isFinite(result.loss) && result.dLogprobs.every(Number.isFinite)) return result;
  throw invalid('data', `makes loss ${loss.metadata.name} or its gradient infinite.`, 'Use smaller numbers.');
}
