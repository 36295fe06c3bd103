import { type ChatTokenizer } from '../../../base-models/tokenizers/chat-tokenizer.js';
import { type Generated, type GeneratedSequence } from '../../../operations/payloads/generate-result.js';
import { type ToolCall } from '../../../base-models/tool-calls/tool-call.js';
import { type OfferedTools } from '../../generation/index.js';
import { type CompletionHead } from '../completion-head.js';
import { scoreAnswer, type TokenLogprob } from '../token-logprobs.js';
import { presentUsage } from '../usage.presenter.js';
import {
  type ChatChoiceDto,
  type ChatCompletionDto,
  type ChatToolCallDto,
  type ChoiceLogprobsDto,
  type TopLogprobDto,
} from './chat-completion.dto.js';

export async function presentChat(
  head: CompletionHead,
  generated: Generated,
  tokenizer: ChatTokenizer,
  tools: OfferedTools | null,
): Promise<ChatCompletionDto> {
  const choices = generated.sequences.map(async (sequence, index): Promise<ChatChoiceDto> => ({
    index,
    ...presentMessage(sequence, tools),
    logprobs: await presentLogprobs(sequence, tokenizer),
  }));
  return {
    ...head,
    object: 'chat.completion',
    choices: await Promise.all(choices),
    usage: presentUsage(generated),
    system_fingerprint: null,
  };
}

function presentMessage(
  { text, stopReason }: GeneratedSequence,
  tools: OfferedTools | null,
): Pick<ChatChoiceDto, 'message' | 'finish_reason'> {
  const message = { role: 'assistant', content: text, refusal: null } as const;
  const answer = tools?.format.read(text, tools.names);
  if (!tools || !answer || answer.calls.length === 0) return { message, finish_reason: stopReason };
  return {
    message: { ...message, content: answer.text, tool_calls: answer.calls.map((call) => presentCall(call, tools)) },
    finish_reason: stopReason === 'stop' ? 'tool_calls' : stopReason,
  };
}

export function presentCall({ name, arguments: given }: ToolCall, { format }: OfferedTools): ChatToolCallDto {
  return { id: format.makeId('call_'), type: 'function', function: { name, arguments: given } };
}

/** Null where they were not asked for. */
export async function presentLogprobs(
  sequence: GeneratedSequence,
  tokenizer: ChatTokenizer,
): Promise<ChoiceLogprobsDto | null> {
  if (!sequence.logprobs) return null;
  const tokens = await scoreAnswer(sequence, tokenizer);
  const content = tokens.map(({ top, ...token }) => ({
    ...withBytes(token, tokenizer),
    top_logprobs: top.map((one) => withBytes(one, tokenizer)),
  }));
  return { content, refusal: null };
}

/** A token that is part of a character has no text of its own, but bytes, where its tokenizer can tell them. */
function withBytes({ id, token, logprob }: TokenLogprob, tokenizer: ChatTokenizer): TopLogprobDto {
  const bytes = token.includes('\uFFFD') ? tokenizer.bytesOf(id) : new TextEncoder().encode(token);
  return { token, logprob, bytes: bytes && [...bytes] };
}
