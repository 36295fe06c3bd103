import { type OperationData } from '../../../domain/operation-data.js';
import { datumCount, datumValues, type RaggedTensor, rowWidth } from '../../../domain/ragged-tensor.js';
import { type StopReason } from '../../../domain/sampling.js';
import { NO_TOKEN, type TopTokens } from '../../../domain/top-tokens.js';
import { TOP_TENSORS } from '../../generation/index.js';
import { LOGPROBS } from '../../training/index.js';
import { type TinkerForwardResultDto, type TinkerSampleResultDto } from '../dto/results.dto.js';
import { DTYPE, ForwardBackwardOutputType, SampleResponseType, STOP_REASON } from './wire-schema.js';

/** Stored results of forward, forward_backward and sampling in the two encodings of the Tinker API. */

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

export function sampleToProto(result: OperationData): Uint8Array {
  const { prompt_logprobs: promptLogprobs } = result.tensors;
  const sequences = sequencesOf(result).map(({ stopReason, tokens, logprobs }) => ({
    stop_reason: STOP_REASON[stopReason],
    tokens: bytesOf(tokens),
    logprobs: bytesOf(logprobs),
  }));
  const top = topOf(result);
  const prompt = {
    ...(promptLogprobs ? { prompt_logprobs: bytesOf(promptLogprobs.data) } : {}),
    ...(top
      ? {
          topk_prompt_logprobs: {
            ...{ token_ids: bytesOf(top.tokens), logprobs: bytesOf(top.logprobs) },
            ...{ k: top.k, length: top.tokens.length / top.k },
          },
        }
      : {}),
  };
  return SampleResponseType.encode({ sequences, ...prompt }).finish();
}

export function sampleToJson(result: OperationData): TinkerSampleResultDto {
  const top = topOf(result);
  const { prompt_logprobs: promptLogprobs } = result.tensors;
  return {
    type: 'sample',
    sequences: sequencesOf(result).map(({ stopReason, tokens, logprobs }) => ({
      stop_reason: stopReason,
      tokens: Array.from(tokens),
      logprobs: Array.from(logprobs),
    })),
    ...(promptLogprobs ? { prompt_logprobs: Array.from(promptLogprobs.data, orNull) } : {}),
    ...(top ? { topk_prompt_logprobs: topRows(top) } : {}),
    prompt_cache_hit_tokens: 0,
  };
}

/** [[id, log-prob], ...] of each place, null where there is none. */
function topRows({ k, tokens, logprobs }: TopTokens): ([number, number][] | null)[] {
  return Array.from({ length: tokens.length / k }, (_, row) => {
    const cells = Array.from({ length: k }, (__, i): [number, number] => {
      return [tokens[row * k + i] ?? 0, logprobs[row * k + i] ?? NO_TOKEN];
    });
    const filled = cells.filter(([, logprob]) => logprob !== NO_TOKEN);
    return filled.length > 0 ? filled : null;
  });
}

function topOf({ tensors }: OperationData): TopTokens | null {
  const [tokens, logprobs] = [tensors[TOP_TENSORS.tokens], tensors[TOP_TENSORS.logprobs]];
  if (!(tokens?.data instanceof Int32Array) || !(logprobs?.data instanceof Float32Array)) return null;
  return { k: rowWidth(tokens), tokens: tokens.data, logprobs: logprobs.data };
}

function sequencesOf({ json, tensors }: OperationData) {
  const tokens = tensorOf(tensors, 'tokens');
  const logprobs = tensorOf(tensors, LOGPROBS);
  const reasons = json['stop_reasons'] as readonly StopReason[];
  return reasons.map((stopReason, i) => ({
    stopReason,
    tokens: datumValues(tokens, i),
    logprobs: datumValues(logprobs, i),
  }));
}

function tensorOf(tensors: OperationData['tensors'], name: string): RaggedTensor {
  const tensor = tensors[name];
  if (!tensor) throw new TypeError(`A stored result has no ${name}.`);
  return tensor;
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
