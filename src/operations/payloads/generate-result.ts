import { type GenerateRequest, type GenerateResult } from '../../compute/compute-backend.js';
import { type OperationData } from '../../domain/operation-data.js';
import { datumValues, offsetsOf, type RaggedTensor, rowWidth } from '../../domain/ragged-tensor.js';
import { type SampledSequence, type StopReason } from '../../domain/sampling.js';
import { type Seed } from '../../domain/seed.js';
import { joinTokenTables, type TokenTable } from '../../domain/top-tokens.js';

/** The result of a generate operation. */

/** What the result holds besides what the backend gave. */
export interface ResultParts {
  /** The text of each sequence, without stop token and stop string. */
  readonly texts: readonly string[];
  /** Whether to keep the log-probs of the sampled tokens. */
  readonly logprobs: boolean;
  readonly promptLogprobs: Float32Array | null;
}

export function encodeGenerateResult(
  request: GenerateRequest,
  { sequences, promptTop, promptTargets, promptAlternatives }: GenerateResult,
  { texts, logprobs: withLogprobs, promptLogprobs }: ResultParts,
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
      ...(withLogprobs ? { logprobs } : {}),
      ...sampledTopTensors(sequences, tokens.offsets),
      ...(promptTop ? tableTensors(TOP_TENSORS, promptTop) : {}),
      ...(promptAlternatives ? tableTensors(ALTERNATIVE_TENSORS, promptAlternatives) : {}),
      ...(promptTargets ? { [TARGETS.logprobs]: promptTargets } : {}),
      ...columnsTensor(request.promptTargets?.columns ?? null),
      ...(promptLogprobs ? { prompt_logprobs: ragged([promptLogprobs], new Float32Array(promptLogprobs.length)) } : {}),
    },
  };
}

/** How many tokens the prompt had and how many were sampled. */
export function tokenCounts({ json }: OperationData): { prompt_tokens: number; completion_tokens: number } {
  return json['usage'] as ReturnType<typeof tokenCounts>;
}

/** A stored result, as any dialect can show it; its tables of tokens aside. */
export interface Generated {
  readonly sequences: readonly GeneratedSequence[];
  readonly promptTokens: number;
  /** Of all sequences together. */
  readonly completionTokens: number;
  /** Log-prob of each token of the prompt, NaN for the first; null where they were not asked for. */
  readonly promptLogprobs: Float32Array | null;
  /** The most likely tokens at each position of the prompt; null where they were not asked for. */
  readonly promptTop: TokenTable | null;
  /** The seed that was used. */
  readonly seed: Seed;
}

export interface GeneratedSequence {
  /** Without the stop token and without the stop string. */
  readonly text: string;
  readonly tokens: Int32Array;
  /** Null where they were not asked for. */
  readonly logprobs: Float32Array | null;
  /** The most likely tokens at the position of each token; null where they were not asked for. */
  readonly top: TokenTable | null;
  readonly stopReason: StopReason;
}

export function decodeGenerated({ json, tensors }: OperationData): Generated {
  const { tokens, logprobs, prompt_logprobs: prompt } = tensors;
  const texts = json['texts'] as readonly string[];
  const reasons = json['stop_reasons'] as readonly StopReason[];
  if (!isInt32(tokens)) throw new TypeError('A stored generate result has no tokens.');
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = tokenCounts({ json, tensors });
  const sequences = texts.map((text, i) => ({
    text,
    tokens: datumValues(tokens, i),
    logprobs: isFloat32(logprobs) ? datumValues(logprobs, i) : null,
    top: tokenTable({ json, tensors }, SAMPLED_TOP_TENSORS, i),
    stopReason: reasons[i] ?? 'stop',
  }));
  return {
    sequences,
    promptTokens,
    completionTokens,
    promptLogprobs: isFloat32(prompt) ? prompt.data : null,
    promptTop: tokenTable({ json, tensors }, TOP_TENSORS),
    seed: json['seed'] as Seed,
  };
}

function isFloat32(tensor: RaggedTensor | undefined): tensor is RaggedTensor<Float32Array> {
  return tensor?.data instanceof Float32Array;
}

function isInt32(tensor: RaggedTensor | undefined): tensor is RaggedTensor<Int32Array> {
  return tensor?.data instanceof Int32Array;
}

/** Names of the tensors that hold tables of tokens, [rows, k] each; those of the prompt are one datum. */
export const TOP_TENSORS = { tokens: 'prompt_top_tokens', logprobs: 'prompt_top_logprobs' } as const;
export const SAMPLED_TOP_TENSORS = { tokens: 'top_tokens', logprobs: 'top_logprobs' } as const;
export const ALTERNATIVE_TENSORS = { tokens: 'prompt_alternatives', logprobs: 'prompt_alternative_logprobs' } as const;
/** PromptTargets in the payload, their log-probs in the result, the columns in both: see domain/prompt-targets.ts. */
export const TARGETS = {
  tokens: 'prompt_targets',
  columns: 'prompt_target_columns',
  logprobs: 'prompt_target_logprobs',
} as const;

type TableNames = Readonly<Record<'tokens' | 'logprobs', string>>;

/** The table of datum `i` that a result holds under these names; null where it was not asked for. */
export function tokenTable({ tensors }: OperationData, names: TableNames, i = 0): TokenTable | null {
  const [tokens, logprobs] = [tensors[names.tokens], tensors[names.logprobs]];
  if (!isInt32(tokens) || !isFloat32(logprobs)) return null;
  return { k: rowWidth(tokens), tokens: datumValues(tokens, i), logprobs: datumValues(logprobs, i) };
}

function tableTensors(
  names: TableNames,
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

export function columnsTensor(columns: Int32Array | null): Record<string, RaggedTensor> {
  return columns ? { [TARGETS.columns]: ragged([columns], new Int32Array(columns.length)) } : {};
}

function tokensOf(sequences: readonly SampledSequence[]): readonly Int32Array[] {
  return sequences.map(({ tokens }) => tokens);
}

export function ragged<T extends Int32Array | Float32Array>(parts: readonly T[], data: T): RaggedTensor<T> {
  const offsets = offsetsOf(parts.map((part) => part.length));
  parts.forEach((part, i) => data.set(part, offsets[i]));
  return { data, offsets, trailingShape: [] };
}
