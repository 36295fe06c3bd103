import { type ChatTokenizer } from '../../../base-models/tokenizers/chat-tokenizer.js';
import { type Generated, type GeneratedSequence } from '../../../operations/payloads/generate-result.js';
import { type CompletionHead } from '../completion-head.js';
import { scoreAnswer, type ScoredToken, scoreTokens } from '../token-logprobs.js';
import { presentUsage } from '../usage.presenter.js';
import { type CompletionOrder } from './completion.reader.js';
import { type TextChoiceDto, type TextCompletionDto, type TextLogprobsDto } from './completion.dto.js';

/** The result of one prompt, and what of it is answered. */
export interface PromptResult extends CompletionOrder {
  readonly generated: Generated;
}

export async function presentCompletion(
  head: CompletionHead,
  results: readonly PromptResult[],
  tokenizer: ChatTokenizer,
): Promise<TextCompletionDto> {
  const choices = await Promise.all(results.map((result) => presentChoices(result, tokenizer)));
  const total = (of: (result: PromptResult) => number) => results.reduce((sum, result) => sum + of(result), 0);
  return {
    ...head,
    object: 'text_completion',
    choices: choices.flat().map((choice, index) => ({ ...choice, index })),
    usage: presentUsage({
      promptTokens: total(({ generated }) => generated.promptTokens),
      completionTokens: total(({ generated, onlyEcho }) => (onlyEcho ? 0 : generated.completionTokens)),
    }),
  };
}

async function presentChoices(
  result: PromptResult,
  tokenizer: ChatTokenizer,
): Promise<readonly Omit<TextChoiceDto, 'index'>[]> {
  const { generated, echo, onlyEcho } = result;
  const before = await scoreEcho(result, generated, tokenizer);
  const choices = generated.sequences.map(async (sequence): Promise<Omit<TextChoiceDto, 'index'>> => ({
    text: (echo ?? '') + (onlyEcho ? '' : sequence.text),
    logprobs: await presentLogprobs(before, sequence, onlyEcho, tokenizer),
    finish_reason: onlyEcho ? 'length' : sequence.stopReason,
  }));
  return Promise.all(choices);
}

/** The tokens of the prompt that an answer begins with, if it does. */
export async function scoreEcho(
  { order, echo }: CompletionOrder,
  { promptLogprobs, promptTop }: Generated,
  tokenizer: ChatTokenizer,
): Promise<readonly ScoredToken[]> {
  return echo !== null && promptLogprobs ? scoreTokens(order.prompt, promptLogprobs, promptTop, tokenizer) : [];
}

/** Null where they were not asked for. @param before those of the prompt that are answered, too */
export async function presentLogprobs(
  before: readonly ScoredToken[],
  sequence: GeneratedSequence,
  onlyEcho: boolean,
  tokenizer: ChatTokenizer,
): Promise<TextLogprobsDto | null> {
  if (!sequence.logprobs) return null;
  const after = onlyEcho ? [] : await scoreAnswer(sequence, tokenizer);
  return listLogprobs([...before, ...after], sequence.top !== null);
}

function listLogprobs(tokens: readonly ScoredToken[], hasTop: boolean): TextLogprobsDto {
  let offset = 0;
  const offsets = tokens.map(({ token }) => (offset += token.length) - token.length);
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => (Number.isNaN(logprob) ? null : logprob)),
    top_logprobs: hasTop ? tokens.map(topOf) : null,
    text_offset: offsets,
  };
}

/** With the token itself, as OpenAI answers; null for the first token of a prompt. */
function topOf({ token, logprob, top }: ScoredToken): Record<string, number> | null {
  if (Number.isNaN(logprob)) return null;
  return { ...Object.fromEntries(top.map((one) => [one.token, one.logprob])), [token]: logprob };
}
