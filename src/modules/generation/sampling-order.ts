import { type BaseModel } from '../../base-models/base-model.js';
import { type PromptTargets } from '../../domain/prompt-targets.js';
import { type SamplingParams } from '../../domain/sampling.js';
import { type Seed } from '../../domain/seed.js';
import { type CapturedRequest } from '../captures/index.js';

/** Whose weights a request samples from. */
export interface SamplingSource {
  readonly model: BaseModel;
  /** As the client names it; answers repeat it. */
  readonly modelId: string;
  readonly adapterId: string | null;
  readonly checkpointId: string | null;
  /** The sampling session that it came through. */
  readonly sampler?: { readonly id: string; readonly sessionId: string };
}

/** Continuations to sample, as the readers of the dialects fill it from requests: the one way into sampling. */
export interface SamplingOrder {
  readonly source: SamplingSource;
  /** Token ids; readers put texts and conversations through the base model's tokenizer (readers/prompt.reader.ts). */
  readonly prompt: Int32Array;
  /** How many continuations. */
  readonly count: number;
  /** Null: as many as the context has room for. */
  readonly maxNewTokens: number | null;
  /** What is left out is off. */
  readonly settings: Partial<SamplingSettings>;
  readonly stop: StopRules;
  /** Null: one that follows from the idempotency key, else a random one. The request's log entry holds it. */
  readonly seed: Seed | null;
  /** What the result holds beside the continuations. */
  readonly wanted: WantedLogprobs;
  /** Texts of special tokens that are to be part of the answers; those that the tokenizer does not have are passed over. */
  readonly shown?: readonly string[];
  /** Holds the answers to a form; left out: they may be anything. */
  readonly grammar?: OrderedGrammar;
  /** Token ids to score at the positions of the prompt. */
  readonly promptTargets?: PromptTargets;
  /** What is kept of it if the caller has its requests captured; left out: nothing. */
  readonly captured?: CapturedRequest;
  /** Whether the tokens are published while they are drawn. */
  readonly stream: boolean;
  /** A request with the same key is a repeat: it gives the first one's future. */
  readonly idempotencyKey?: string;
  /** The client's number of the request. */
  readonly seqId?: number;
  readonly fields: SamplingFields;
}

export interface OrderedGrammar {
  /** In XGrammar's EBNF; the first rule is `root`. */
  readonly ebnf: string;
  /** What the client calls the field that asks for it. */
  readonly field: string;
}

export type SamplingSettings = Pick<
  SamplingParams,
  'temperature' | 'topP' | 'topK' | 'minP' | 'repetitionPenalty' | 'frequencyPenalty' | 'presencePenalty' | 'logitBias'
>;

export interface WantedLogprobs {
  /** Those of the sampled tokens. */
  readonly logprobs: boolean;
  /** Those of the prompt's tokens. */
  readonly promptLogprobs?: boolean;
  /** Limits what is given of the prompt to its last tokens. */
  readonly promptLogprobsLast?: number;
  /** Top-k tokens per prompt position; 0 = none. */
  readonly topPromptTokens?: number;
  /** Top-k tokens per sampled token; 0 = none. */
  readonly topSampledTokens?: number;
  /** Draws per prompt position but the first; 0 = none. */
  readonly promptAlternatives?: number;
}

/** What ends a continuation before it is as long as it may be. */
export interface StopRules {
  readonly tokens: readonly number[];
  readonly strings: readonly string[];
  /** Whether the base model's own end tokens do, too. */
  readonly endTokens: boolean;
}

/** What the client calls these settings: an error names the field at fault. */
export interface SamplingFields {
  readonly prompt: string;
  readonly maxNewTokens: string;
  /** The one that asks for the most likely tokens of the continuations. */
  readonly topSampledTokens: string;
}
