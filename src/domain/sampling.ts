import { type Seed } from './seed.js';
import { type TopTokens } from './top-tokens.js';

/**
 * How tokens are drawn, applied in the order logit bias, repetition penalty, frequency and presence penalty (as vLLM),
 * temperature, top-k, top-p, min-p (as transformers).
 */
export interface SamplingParams {
  readonly maxNewTokens: number;
  /** 0 = greedy. */
  readonly temperature: number;
  /** 1 = off. */
  readonly topP: number;
  /** 0 = off. */
  readonly topK: number;
  /** 0 = off. */
  readonly minP: number;
  /** 1 = off. */
  readonly repetitionPenalty: number;
  /** Subtracted from the logit of a token for every time that it has been sampled. 0 = off. */
  readonly frequencyPenalty?: number;
  /** Subtracted from the logit of a token that has been sampled. 0 = off. */
  readonly presencePenalty?: number;
  /** Added to the logits of these tokens. */
  readonly logitBias?: readonly LogitBias[];
  readonly stopTokens: readonly number[];
  readonly stopStrings: readonly string[];
  /** What the answer must look like; left out: anything. */
  readonly grammar?: AnswerGrammar;
  readonly seed: Seed;
}

/** Tokens that do not go on with the grammar are never drawn, and the answer ends where it does. */
export interface AnswerGrammar {
  /** In XGrammar's EBNF; the first rule is `root`. */
  readonly ebnf: string;
  /** Special tokens that are part of the text all the same. */
  readonly shownTokens?: readonly number[];
}

export type LogitBias = readonly [token: number, bias: number];

export type StopReason = 'stop' | 'length';

/** One sampled continuation. The stop token, where one ended it, is part of the tokens. */
export interface SampledSequence {
  readonly tokens: Int32Array;
  /** Log-prob of each token under the model's own distribution (temperature 1, nothing cut off). */
  readonly logprobs: Float32Array;
  /** The most likely tokens at the position of each token, if requested. */
  readonly top?: TopTokens;
  readonly stopReason: StopReason;
}
