import { type OperationData } from '../../../domain/operation-data.js';
import { datumCount, datumValues } from '../../../domain/ragged-tensor.js';
import { type StopReason } from '../../../domain/sampling.js';
import { NO_TOKEN, type TokenTable } from '../../../domain/top-tokens.js';
import {
  ALTERNATIVE_TENSORS,
  SAMPLED_TOP_TENSORS,
  TARGETS,
  TOP_TENSORS,
  tokenTable,
} from '../../../operations/payloads/generate-result.js';
import { LOGPROBS } from '../../../operations/payloads/forward-payload.js';
import { type TinkerSampleResultDto, type TinkerTensorDto } from '../futures/dto/results.dto.js';
import { bytesOf, tensorOf } from './results.js';
import { DTYPE, SampleResponseType, STOP_REASON } from './wire-schema.js';

/** Stored results of sampling in the two encodings of the Tinker API. */

export function sampleToProto(result: OperationData): Uint8Array {
  const { prompt_logprobs: promptLogprobs } = result.tensors;
  const { top, targets, alternatives } = promptTablesOf(result);
  const sequences = sequencesOf(result).map(({ stopReason, tokens, logprobs, top: sampledTop }) => ({
    stop_reason: STOP_REASON[stopReason],
    tokens: bytesOf(tokens),
    ...(logprobs ? { logprobs: bytesOf(logprobs) } : {}),
    ...(sampledTop ? { topk_sampled_logprobs: tableToProto(sampledTop) } : {}),
  }));
  const prompt = {
    ...(promptLogprobs ? { prompt_logprobs: bytesOf(promptLogprobs.data) } : {}),
    ...(top ? { topk_prompt_logprobs: tableToProto(top) } : {}),
    ...(targets ? { target_prompt_logprobs: tensorToProto(targets) } : {}),
    ...(alternatives ? { prompt_alt_tokens: encodeAlternatives(alternatives, tensorToProto) } : {}),
  };
  return SampleResponseType.encode({ sequences, ...prompt }).finish();
}

export function sampleToJson(result: OperationData): TinkerSampleResultDto {
  const { prompt_logprobs: promptLogprobs } = result.tensors;
  const { top, targets, alternatives } = promptTablesOf(result);
  return {
    type: 'sample',
    sequences: sequencesOf(result).map(({ stopReason, tokens, logprobs, top: sampledTop }) => ({
      stop_reason: stopReason,
      tokens: Array.from(tokens),
      ...(logprobs ? { logprobs: Array.from(logprobs) } : {}),
      ...(sampledTop ? { topk_logprobs: topRows(sampledTop) } : {}),
    })),
    ...(promptLogprobs ? { prompt_logprobs: Array.from(promptLogprobs.data, orNull) } : {}),
    ...(top ? { topk_prompt_logprobs: topRows(top) } : {}),
    ...(targets ? { target_prompt_logprobs: tensorToJson(targets) } : {}),
    ...(alternatives ? { prompt_alt_tokens: encodeAlternatives(alternatives, tensorToJson) } : {}),
    prompt_cache_hit_tokens: 0,
  };
}

function promptTablesOf(result: OperationData) {
  const [top, alternatives] = [tokenTable(result, TOP_TENSORS), tokenTable(result, ALTERNATIVE_TENSORS)];
  return { top, alternatives, targets: targetsOf(result) };
}

/** [[id, log-prob], ...] of each position, null where there is none. */
function topRows({ k, tokens, logprobs }: TokenTable): ([number, number][] | null)[] {
  return Array.from({ length: tokens.length / k }, (_, row) => {
    const cells = Array.from({ length: k }, (__, i): [number, number] => {
      return [tokens[row * k + i] ?? 0, logprobs[row * k + i] ?? NO_TOKEN];
    });
    const filled = cells.filter(([, logprob]) => logprob !== NO_TOKEN);
    return filled.length > 0 ? filled : null;
  });
}

function tableToProto({ k, tokens, logprobs }: TokenTable) {
  return { token_ids: bytesOf(tokens), logprobs: bytesOf(logprobs), k, length: tokens.length / k };
}

/** A matrix, or where `sparse` is there some cells of one. */
interface ResultTensor {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
  readonly sparse?: { readonly rowStarts: Int32Array; readonly columns: Int32Array };
}

/** The log-probs of the targets as the client laid these out. */
function targetsOf({ json, tensors }: OperationData): ResultTensor | null {
  const { [TARGETS.logprobs]: logprobs, [TARGETS.columns]: columns } = tensors;
  if (!logprobs) return null;
  const shape = [datumCount(logprobs), Number(json['target_width'])];
  if (!(columns?.data instanceof Int32Array)) return { data: logprobs.data, shape };
  return { data: logprobs.data, shape, sparse: { rowStarts: logprobs.offsets, columns: columns.data } };
}

function encodeAlternatives<T>({ k, tokens, logprobs }: TokenTable, encode: (tensor: ResultTensor) => T) {
  const shape = [tokens.length / k, k];
  return { tokens: encode({ data: tokens, shape }), logprobs: encode({ data: logprobs, shape }) };
}

function tensorToProto({ data, shape, sparse }: ResultTensor) {
  const dtype = data instanceof Int32Array ? DTYPE.int32 : DTYPE.float32;
  if (!sparse) return { dense: bytesOf(data), dtype, shape };
  const [crow_indices, col_indices] = [bytesOf(toInt64(sparse.rowStarts)), bytesOf(toInt64(sparse.columns))];
  return { sparse_csr: { values: bytesOf(data), crow_indices, col_indices }, dtype, shape };
}

function tensorToJson({ data, shape, sparse }: ResultTensor): TinkerTensorDto {
  return {
    data: Array.from(data),
    dtype: data instanceof Int32Array ? 'int64' : 'float32',
    shape: [...shape],
    ...(sparse
      ? { sparse_crow_indices: Array.from(sparse.rowStarts), sparse_col_indices: Array.from(sparse.columns) }
      : {}),
  };
}

function toInt64(values: Int32Array): BigInt64Array {
  return BigInt64Array.from(values, BigInt);
}

/** The root route /generate stores log-probs only where they are asked for. */
function sequencesOf(result: OperationData) {
  const { json, tensors } = result;
  const tokens = tensorOf(tensors, 'tokens');
  const { [LOGPROBS]: logprobs } = tensors;
  const reasons = json['stop_reasons'] as readonly StopReason[];
  return reasons.map((stopReason, i) => ({
    stopReason,
    tokens: datumValues(tokens, i),
    logprobs: logprobs ? datumValues(logprobs, i) : null,
    top: tokenTable(result, SAMPLED_TOP_TENSORS, i),
  }));
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
