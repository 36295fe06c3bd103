import { type ChatTokenizer } from '../../base-models/tokenizers/chat-tokenizer.js';
import { NO_TOKEN, type TokenTable } from '../../domain/top-tokens.js';
import { type GeneratedSequence } from '../../operations/payloads/generate-result.js';

export interface TokenLogprob {
  readonly id: number;
  readonly token: string;
  /** NaN for the first token of a prompt. */
  readonly logprob: number;
}

/** A token and the most likely ones at its position. */
export interface ScoredToken extends TokenLogprob {
  readonly top: readonly TokenLogprob[];
}

/** Tokens with their log-probs, and those of the most likely ones where there is a table of them. */
export function scoreTokens(
  tokens: Int32Array,
  logprobs: Float32Array,
  top: TokenTable | null,
  tokenizer: ChatTokenizer,
): Promise<ScoredToken[]> {
  const scored = async (token: number, logprob: number): Promise<TokenLogprob> => {
    return { id: token, token: await tokenizer.decode([token]), logprob };
  };
  const topAt = async (position: number): Promise<TokenLogprob[]> => {
    const cells = Array.from({ length: top?.k ?? 0 }, (_, i) => position * (top?.k ?? 0) + i);
    const row = await Promise.all(cells.map((cell) => scored(top?.tokens[cell] ?? 0, top?.logprobs[cell] ?? NO_TOKEN)));
    return row.filter(({ logprob }) => logprob !== NO_TOKEN);
  };
  return Promise.all(
    Array.from(tokens, async (token, i) => ({ ...(await scored(token, logprobs[i] ?? NaN)), top: await topAt(i) })),
  );
}

/** The tokens of an answer, without the end token, which does not belong to its text. Needs their log-probs. */
export function scoreAnswer(
  { tokens, logprobs, top, stopReason }: GeneratedSequence,
  tokenizer: ChatTokenizer,
): Promise<ScoredToken[]> {
  const endsWithToken = stopReason === 'stop' && tokenizer.endTokens.includes(tokens.at(-1) ?? -1);
  return scoreTokens(endsWithToken ? tokens.subarray(0, -1) : tokens, logprobs ?? new Float32Array(), top, tokenizer);
}
