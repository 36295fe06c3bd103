import { type ChatTokenizer } from '../../../base-models/tokenizers/chat-tokenizer.js';
import { type Generated, type GeneratedSequence } from '../../../operations/payloads/generate-result.js';
import { type CompletionHead } from '../completion-head.js';
import { scoreAnswer, type TokenLogprob } from '../token-logprobs.js';
import { presentUsage } from '../usage.presenter.js';
import {
  type ChatChoiceDto,
  type ChatCompletionDto,
  type ChoiceLogprobsDto,
  type TopLogprobDto,
} from './chat-completion.dto.js';

export async function presentChat(
  head: CompletionHead,
  generated: Generated,
  tokenizer: ChatTokenizer,
): Promise<ChatCompletionDto> {
  const choices = generated.sequences.map(async (sequence, index): Promise<ChatChoiceDto> => ({
    index,
    message: { role: 'assistant', content: sequence.text, refusal: null },
    logprobs: await presentLogprobs(sequence, tokenizer),
    finish_reason: sequence.stopReason,
  }));
  return {
    ...head,
    object: 'chat.completion',
    choices: await Promise.all(choices),
    usage: presentUsage(generated),
    system_fingerprint: null,
  };
}

/** Null where they were not asked for. */
export async function presentLogprobs(
  sequence: GeneratedSequence,
  tokenizer: ChatTokenizer,
): Promise<ChoiceLogprobsDto | null> {
  if (!sequence.logprobs) return null;
  const tokens = await scoreAnswer(sequence, tokenizer);
  const content = tokens.map(({ top, ...token }) => ({ ...withBytes(token), top_logprobs: top.map(withBytes) }));
  return { content, refusal: null };
}

/** A token that is part of a character has no text, and so no bytes that could be told. */
function withBytes(token: TokenLogprob): TopLogprobDto {
  return { ...token, bytes: token.token.includes('\uFFFD') ? null : [...new TextEncoder().encode(token.token)] };
}
