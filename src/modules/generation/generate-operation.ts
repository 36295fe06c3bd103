import { type GenerateRequest, type GenerateResult } from '../../compute/compute-backend.js';
import { type OperationData } from '../../domain/operation-data.js';
import { datumCount, datumValues, offsetsOf, type RaggedTensor } from '../../domain/ragged-tensor.js';
import { type TopTokens } from '../../domain/top-tokens.js';
import { type SampledSequence, type SamplingParams, type StopReason } from '../../domain/sampling.js';

/** Payload and result of a generate operation as they stand in the log. */

export interface GenerateOperation {
  readonly request: GenerateRequest;
  readonly options: GenerateOptions;
}

export interface GenerateOptions {
  /** Sampler snapshot to sample from, by its checkpoint's id; null for the adapter or the bare base model. */
  readonly checkpointId: string | null;
  /** Whether the result holds log-probs. */
  readonly logprobs: boolean;
  /** Whether tokens are published while they are drawn. */
  readonly stream: boolean;
  /** Whether the result holds the log-probs of the prompt's tokens. */
  readonly promptLogprobs?: boolean;
  /** Those of the last so many only. */
  readonly promptLogprobsLast?: number;
  /** So many likeliest tokens for every place of the prompt; 0 = none. */
  readonly topPromptTokens?: number;
}

export function encodeGenerate({ request, options }: GenerateOperation): OperationData {
  const { prompt, count, sampling } = request;
  return { json: { count, sampling, options }, tensors: { prompt: ragged([prompt], new Int32Array(prompt.length)) } };
}

export function decodeGenerate({ json, tensors }: OperationData): GenerateOperation {
  const prompt = tensors['prompt']?.data;
  if (!(prompt instanceof Int32Array)) throw new TypeError('A stored generate request has no prompt.');
  const request = { prompt, count: json['count'] as number, sampling: json['sampling'] as SamplingParams };
  return { request, options: json['options'] as GenerateOptions };
}

/** `texts`: of each sequence, without stop token and stop string. */
export function encodeGenerated(
  { request, options }: GenerateOperation,
  { sequences, promptTop }: GenerateResult,
  texts: readonly string[],
  promptLogprobs: Float32Array | null = null,
): OperationData {
  const total = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const tokens = ragged(tokensOf(sequences), new Int32Array(total));
  const logprobs = ragged(
    sequences.map((sequence) => sequence.logprobs),
    new Float32Array(total),
  );
  return {
    json: {
      texts,
      stop_reasons: sequences.map(({ stopReason }) => stopReason),
      usage: { prompt_tokens: request.prompt.length, completion_tokens: total },
      seed: request.sampling.seed,
    },
    tensors: {
      tokens,
      ...(options.logprobs ? { logprobs } : {}),
      ...(promptTop ? topTensors(promptTop) : {}),
      ...(promptLogprobs ? { prompt_logprobs: ragged([promptLogprobs], new Float32Array(promptLogprobs.length)) } : {}),
    },
  };
}

/** How many tokens a stored result has read and drawn. */
export function tokenCounts({ json }: OperationData): { prompt_tokens: number; completion_tokens: number } {
  return json['usage'] as ReturnType<typeof tokenCounts>;
}

/** Names of the tensors that hold a result's TopTokens, [rows, k] each. */
export const TOP_TENSORS = { tokens: 'prompt_top_tokens', logprobs: 'prompt_top_logprobs' } as const;

function topTensors({ k, tokens, logprobs }: TopTokens): Record<string, RaggedTensor> {
  const rows = { offsets: offsetsOf([tokens.length / k]), trailingShape: [k] };
  return { [TOP_TENSORS.tokens]: { data: tokens, ...rows }, [TOP_TENSORS.logprobs]: { data: logprobs, ...rows } };
}

/** The stored result as the root routes show it. */
export function presentGenerated({ json, tensors }: OperationData): Record<string, unknown> {
  const { tokens, logprobs } = tensors;
  const texts = json['texts'] as readonly string[];
  const reasons = json['stop_reasons'] as readonly StopReason[];
  if (!tokens) throw new TypeError('A stored generate result has no tokens.');
  const sequences = Array.from({ length: datumCount(tokens) }, (_, i) => ({
    text: texts[i],
    tokens: Array.from(datumValues(tokens, i)),
    ...(logprobs ? { logprobs: Array.from(datumValues(logprobs, i)) } : {}),
    stop_reason: reasons[i],
  }));
  return { text: texts[0], sequences, usage: tokenCounts({ json, tensors }), seed: json['seed'] };
}

function tokensOf(sequences: readonly SampledSequence[]): readonly Int32Array[] {
  return sequences.map(({ tokens }) => tokens);
}

function ragged<T extends Int32Array | Float32Array>(parts: readonly T[], data: T): RaggedTensor<T> {
  const offsets = offsetsOf(parts.map((part) => part.length));
  parts.forEach((part, i) => data.set(part, offsets[i]));
  return { data, offsets, trailingShape: [] };
}
