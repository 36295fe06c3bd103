import { type ChatTokenizer } from '../../../base-models/tokenizers/chat-tokenizer.js';
import { type Generated, type GeneratedSequence } from '../../../operations/payloads/generate-result.js';
import { type CompletionHead } from '../completion-head.js';
import { scoreAnswer, type ScoredToken, scoreTokens } from '../token-logprobs.js';
import { presentUsage } from '../usage.presenter.js';
import { type TextChoiceDto, type TextCompletionDto, type TextLogprobsDto } from './completion.dto.js';

/** The result of one prompt, and what of it is answered. */
export interface PromptResult {
  readonly prompt: Int32Array;
  readonly generated: Generated;
  readonly echo: string | null;
  readonly onlyEcho: boolean;
}

export async function presentCompletion(
  head: CompletionHead,
  results: readonly PromptResult[],
  tokenizer: ChatTokenizer,
): Promise<TextCompletionDto> {
  const choices = results.flatMap((result) =>
    result.generated.sequences.map((sequence) => presentChoice(result, sequence, tokenizer)),
  );
  const total = (of: (result: PromptResult) => number) => results.reduce((sum, result) => sum + of(result), 0);
  return {
    ...head,
    object: 'text_completion',
    choices: (await Promise.all(choices)).map((choice, index) => ({ ...choice, index })),
    usage: presentUsage({
      promptTokens: total(({ generated }) => generated.promptTokens),
      completionTokens: total(({ generated, onlyEcho }) => (onlyEcho ? 0 : generated.completionTokens)),
    }),
  };
}

async function presentChoice(
  result: PromptResult,
  sequence: GeneratedSequence,
  tokenizer: ChatTokenizer,
): Promise<Omit<TextChoiceDto, 'index'>> {
  const { echo, onlyEcho } = result;
  return {
    text: (echo ?? '') + (onlyEcho ? '' : sequence.text),
    logprobs: await presentLogprobs(result, sequence, tokenizer),
    finish_reason: onlyEcho ? 'length' : sequence.stopReason,
  };
}

/** Null where they were not asked for. */
export async function presentLogprobs(
  { prompt, generated, echo, onlyEcho }: PromptResult,
  sequence: GeneratedSequence,
  tokenizer: ChatTokenizer,
): Promise<TextLogprobsDto | null> {
  if (!sequence.logprobs) return null;
  const { promptLogprobs, promptTop } = generated;
  const before = echo !== null && promptLogprobs ? await scoreTokens(prompt, promptLogprobs, promptTop, tokenizer) : [];
  const after = onlyEcho ? [] : await scoreAnswer(sequence, tokenizer);
  const hasTop = sequence.top !== null;
  return listLogprobs([...before, ...after], hasTop);
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
