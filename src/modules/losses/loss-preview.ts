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
import { offsetsOf, type RaggedTensor, rowWidth } from '../../domain/ragged-tensor.js';
import { WrittenLoss } from '../../losses/expressions/written-loss.js';
import { readLossDefinition } from './loss-definition.reader.js';
import { type LossConfig, type LossFunction, TARGET_TOKENS } from '../../losses/loss-function.js';
import { joinTensors, readLossInputs, readWireTensor, type WireTensor } from '../../losses/loss-input-tensors.js';

/** A loss tried on numbers of the client: no model takes part, so log-probs are given like any input. */

const FORM =
  'Pass [{"target_logprobs": [-1.2, -0.3], "loss_fn_inputs": {"weights": [1, 1]}}, ...]; with K targets per position, ' +
  '{"data": [N times K numbers], "shape": [N, K]} instead of a list.';
const BODY = 'Pass {"loss_fn": name or "definition": {...}, "data": [...], "loss_fn_config"?: {...}}.';
/** It is computed while the sender waits. */
const MAX_NUMBERS = 4096;
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
  const config = readObject(body['loss_fn_config'] ?? {}, 'loss_fn_config', 'Pass {"name": number}.');
  const name = body['loss_fn'] ?? undefined;
  const given = body['definition'] ?? undefined;
  if ((name === undefined) === (given === undefined)) {
    throw invalid('loss_fn', given === undefined ? 'is missing.' : 'and definition exclude each other.', BODY);
  }
  if (given === undefined) return { reference: readString(name, 'loss_fn', BODY), config, data };
  const definition = readLossDefinition(given, 'definition');
  return { reference: { name: definition.name, definition }, config, data };
}

/**
 * `data` of the request: for each datum log-probs and what the loss reads. target_tokens may be left out where no formula
 * reads them, and are 0 then.
 */
export function readPreviewBatch(value: unknown, loss: LossFunction, knownInputs: readonly string[]): PreviewBatch {
  const data = readArray(value, 'data', FORM);
  if (data.length === 0) throw invalid('data', 'is empty.', FORM);
  const datums = data.map((entry, i) => {
    const datum = readObject(entry, `data[${i}]`, FORM);
    refuseUnknownFields(datum, ['target_logprobs', 'loss_fn_inputs'], `data[${i}]`);
    return datum;
  });
  const lists = datums.map((datum, i) => readLogprobs(datum, `data[${i}].target_logprobs`));
  const offsets = offsetsOf(lists.map(({ rows }) => rows));
  const count = lists.reduce((sum, { tensor }) => sum + tensor.values.length, 0);
  if (count > MAX_NUMBERS) {
    const remedy = `A preview accepts at most ${MAX_NUMBERS}; a training request may have many more.`;
    throw invalid('data', `contains ${count} log-probs.`, remedy);
  }
  const logprobs = joinTensors(
    lists.map(({ tensor }) => tensor),
    offsets,
  ) as RaggedTensor<Float32Array>;
  const inputs = datums.map(({ loss_fn_inputs: given }) => given ?? {});
  const needsTargets = loss instanceof WrittenLoss && loss.readsTargets;
  const specs = loss.metadata.inputs.map((spec) =>
    spec.name === TARGET_TOKENS.name ? { ...spec, required: needsTargets } : spec,
  );
  const context = { loss: { ...loss.metadata, inputs: specs }, knownInputs, vocabSize: ANY_TOKEN };
  const zeros = { ...logprobs, data: new Int32Array(count) };
  const lossInputs = { [TARGET_TOKENS.name]: zeros, ...readLossInputs(inputs, offsets, context) };
  if (rowWidth(lossInputs[TARGET_TOKENS.name]!) !== rowWidth(logprobs)) {
    throw invalid(
      'data',
      'has target_tokens and target_logprobs of different shapes.',
      'Pass one log-prob per target.',
    );
  }
  const tokens = { data: new Int32Array(offsets.at(-1)!), offsets, trailingShape: [] };
  return { batch: { tokens, lossInputs }, logprobs };
}

/** N of them, or {"data", "shape": [N, K]}: here they say how many positions the datum has. */
function readLogprobs(datum: JsonObject, field: string): { readonly rows: number; readonly tensor: WireTensor } {
  const value = datum['target_logprobs'];
  const rows = Array.isArray(value) ? value.length : rowsOf(readObject(value, field, FORM));
  if (rows === 0) throw invalid(field, 'is empty.', 'Pass the log-prob of at least one target.');
  return { rows, tensor: readWireTensor(value, field, rows) };
}

/** A claim, which reading the tensor checks. */
function rowsOf({ data, shape }: JsonObject): number {
  const rows: unknown = Array.isArray(shape) ? shape[0] : Array.isArray(data) ? data.length : 1;
  return Number.isInteger(rows) ? (rows as number) : 1;
}

/** @throws InvalidRequestError where the loss is not a number */
export function previewLoss(loss: LossFunction, { batch, logprobs }: PreviewBatch, config: LossConfig): LossResult {
  const result = loss.compute(logprobs, batch.lossInputs, config);
  if (Number.isFinite(result.loss) && result.dLogprobs.every(Number.isFinite)) return result;
  throw invalid('data', `makes loss ${loss.metadata.name} or its gradient infinite.`, 'Use smaller numbers.');
}
