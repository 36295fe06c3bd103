import { type GenerateRequest } from '../../compute/compute-backend.js';
import { type OperationData } from '../../domain/operation-data.js';
import { type PromptTargets } from '../../domain/prompt-targets.js';
import { type RaggedTensor } from '../../domain/ragged-tensor.js';
import { type SamplingParams } from '../../domain/sampling.js';
import { columnsTensor, ragged, TARGETS } from './generate-result.js';

/** What a generate operation asks for. */
export interface GeneratePayload {
  /** As the backend gets it. */
  readonly request: GenerateRequest;
  /** The sampler weights to sample from, by the id of their checkpoint; null for the adapter or the bare base model. */
  readonly checkpointId: string | null;
  /** Whether the tokens are published while they are sampled. */
  readonly stream: boolean;
  /** Whether the result holds the log-probs of the sampled tokens. */
  readonly logprobs: boolean;
  /** Whether the result holds the log-probs of the prompt, of its last `request.topPromptLast` tokens if that is given. */
  readonly promptLogprobs: boolean;
  /** Special tokens that are part of the texts all the same; none when left out. */
  readonly shownTokens?: readonly number[];
}

/** `options` as they stand in the log, in this order. All but the first three are missing in some older payloads. */
interface StoredOptions {
  readonly logprobs: boolean;
  readonly stream: boolean;
  readonly checkpointId: string | null;
  readonly promptLogprobs?: boolean;
  readonly promptLogprobsLast?: number;
  readonly topPromptTokens?: number;
  readonly topSampledTokens?: number;
  readonly promptAlternatives?: number;
  readonly shownTokens?: readonly number[];
}

export const generatePayload = {
  encode({ request, checkpointId, stream, logprobs, promptLogprobs, shownTokens }: GeneratePayload): OperationData {
    const { prompt, count, sampling, promptTargets: targets } = request;
    const options: StoredOptions = {
      logprobs,
      stream,
      promptLogprobs,
      promptLogprobsLast: request.topPromptLast,
      topPromptTokens: request.topPromptTokens ?? 0,
      topSampledTokens: request.topSampledTokens ?? 0,
      promptAlternatives: request.promptAlternatives ?? 0,
      checkpointId,
      ...(shownTokens?.length ? { shownTokens } : {}),
    };
    return {
      json: { count, sampling, options, ...(targets && { target_width: targets.width }) },
      tensors: {
        prompt: ragged([prompt], new Int32Array(prompt.length)),
        ...(targets && { [TARGETS.tokens]: targets.tokens, ...columnsTensor(targets.columns) }),
      },
    };
  },

  decode({ json, tensors }: OperationData): GeneratePayload {
    const prompt = tensors['prompt']?.data;
    if (!(prompt instanceof Int32Array)) throw new TypeError('A stored generate request has no prompt.');
    const options = json['options'] as StoredOptions;
    return {
      request: {
        prompt,
        count: json['count'] as number,
        sampling: json['sampling'] as SamplingParams,
        promptTargets: decodeTargets({ json, tensors }),
        topPromptTokens: options.topPromptTokens ?? 0,
        topPromptLast: options.promptLogprobsLast,
        topSampledTokens: options.topSampledTokens ?? 0,
        promptAlternatives: options.promptAlternatives ?? 0,
      },
      checkpointId: options.checkpointId,
      stream: options.stream,
      logprobs: options.logprobs,
      promptLogprobs: options.promptLogprobs ?? false,
      ...(options.shownTokens ? { shownTokens: options.shownTokens } : {}),
    };
  },
};

function decodeTargets({ json, tensors }: OperationData): PromptTargets | undefined {
  const { [TARGETS.tokens]: tokens, [TARGETS.columns]: columns } = tensors;
  if (!isInt32(tokens)) return undefined;
  return { tokens, width: json['target_width'] as number, columns: isInt32(columns) ? columns.data : null };
}

function isInt32(tensor: RaggedTensor | undefined): tensor is RaggedTensor<Int32Array> {
  return tensor?.data instanceof Int32Array;
}
