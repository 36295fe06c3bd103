import { type GenerateRequest, type GenerateResult } from '../compute/compute-backend.js';
import { type OperationData } from '../domain/operation-data.js';
import { datumCount, datumValues, offsetsOf, type RaggedTensor } from '../domain/ragged-tensor.js';
import { type PromptTargets } from '../domain/prompt-targets.js';
import { joinTokenTables, type TokenTable } from '../domain/top-tokens.js';
import { type SampledSequence, type SamplingParams, type StopReason } from '../domain/sampling.js';

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
  /** So many likeliest tokens for every place of the continuations; 0 = none. */
  readonly topSampledTokens?: number;
  /** So many draws for every place of the prompt but the first; 0 = none. */
  readonly promptAlternatives?: number;
}

export function encodeGenerate({ request, options }: GenerateOperation): OperationData {
  const { prompt, count, sampling, promptTargets: targets } = request;
  return {
    json: { count, sampling, options, ...(targets ? { target_width: targets.width } : {}) },
    tensors: {
      prompt: ragged([prompt], new Int32Array(prompt.length)),
      ...(targets ? { [TARGETS.tokens]: targets.tokens, ...columnsTensor(targets.columns) } : {}),
    },
  };
}

export function decodeGenerate({ json, tensors }: OperationData): GenerateOperation {
  const prompt = tensors['prompt']?.data;
  if (!(prompt instanceof Int32Array)) throw new TypeError('A stored generate request has no prompt.');
  const request = { prompt, count: json['count'] as number, sampling: json['sampling'] as SamplingParams };
  const promptTargets = decodeTargets({ json, tensors });
  return {
    request: promptTargets ? { ...request, promptTargets } : request,
    options: json['options'] as GenerateOptions,
  };
}

function decodeTargets({ json, tensors }: OperationData): PromptTargets | null {
  const { [TARGETS.tokens]: tokens, [TARGETS.columns]: columns } = tensors;
  if (!isInt32(tokens)) return null;
  return { tokens, width: json['target_width'] as number, columns: isInt32(columns) ? columns.data : null };
}

function isInt32(tensor: RaggedTensor | undefined): tensor is RaggedTensor<Int32Array> {
  return tensor?.data instanceof Int32Array;
}

/** `texts`: of each sequence, without stop token and stop string. */
export function encodeGenerated(
  { request, options }: GenerateOperation,
  { sequences, promptTop, promptTargets, promptAlternatives }: GenerateResult,
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
      ...(request.promptTargets ? { target_width: request.promptTargets.width } : {}),
    },
    tensors: {
      tokens,
      ...(options.logprobs ? { logprobs } : {}),
      ...sampledTopTensors(sequences, tokens.offsets),
      ...(promptTop ? tableTensors(TOP_TENSORS, promptTop) : {}),
      ...(promptAlternatives ? tableTensors(ALTERNATIVE_TENSORS, promptAlternatives) : {}),
      ...(promptTargets ? { [TARGETS.logprobs]: promptTargets } : {}),
      ...columnsTensor(request.promptTargets?.columns ?? null),
      ...(promptLogprobs ? { prompt_logprobs: ragged([promptLogprobs], new Float32Array(promptLogprobs.length)) } : {}),
    },
  };
}

/** How many tokens a stored result has read and drawn. */
export function tokenCounts({ json }: OperationData): { prompt_tokens: number; completion_tokens: number } {
  return json['usage'] as ReturnType<typeof tokenCounts>;
}

/** Names of the tensors that hold a result's tables of tokens: [rows, k] each, those of the prompt as one datum. */
export const TOP_TENSORS = { tokens: 'prompt_top_tokens', logprobs: 'prompt_top_logprobs' } as const;
export const SAMPLED_TOP_TENSORS = { tokens: 'top_tokens', logprobs: 'top_logprobs' } as const;
export const ALTERNATIVE_TENSORS = { tokens: 'prompt_alternatives', logprobs: 'prompt_alternative_logprobs' } as const;
/** PromptTargets in the request, their log-probs in the result, the columns in both: see domain/prompt-targets.ts. */
export const TARGETS = {
  tokens: 'prompt_targets',
  columns: 'prompt_target_columns',
  logprobs: 'prompt_target_logprobs',
} as const;

function tableTensors(
  names: Readonly<Record<'tokens' | 'logprobs', string>>,
  { k, tokens, logprobs }: TokenTable,
  offsets = offsetsOf([tokens.length / k]),
): Record<string, RaggedTensor> {
  const rows = { offsets, trailingShape: [k] };
  return { [names.tokens]: { data: tokens, ...rows }, [names.logprobs]: { data: logprobs, ...rows } };
}

/** `offsets`: of the sequences' tokens. */
function sampledTopTensors(sequences: readonly SampledSequence[], offsets: Int32Array): Record<string, RaggedTensor> {
  const tables = sequences.flatMap(({ top }) => top ?? []);
  const [first] = tables;
  return first ? tableTensors(SAMPLED_TOP_TENSORS, joinTokenTables(tables, first.k), offsets) : {};
}

function columnsTensor(columns: Int32Array | null): Record<string, RaggedTensor> {
  return columns ? { [TARGETS.columns]: ragged([columns], new Int32Array(columns.length)) } : {};
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
