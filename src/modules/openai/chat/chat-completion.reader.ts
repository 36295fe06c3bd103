import { Injectable } from '@nestjs/common';
import { invalid, isGiven } from '../../../common/json/json-fields.js';
import { readConversationPrompt, type SamplingOrder, SamplingSources } from '../../generation/index.js';
import { readSamplingSettings } from '../sampling-settings.reader.js';
import { type ChatCompletionRequestDto } from './chat-completion.dto.js';
import { readResponseFormat } from './response-format.reader.js';

/** What POST /v1/chat/completions asks for. */
@Injectable()
export class ChatCompletionReader {
  constructor(private readonly sources: SamplingSources) {}

  /** @throws AppErrors for models that are not there and for what cannot be read */
  async read(dto: ChatCompletionRequestDto): Promise<SamplingOrder> {
    const source = await this.sources.named(dto.model, 'model');
    const ebnf = readResponseFormat(dto.response_format);
    const { chat_template_kwargs } = dto;
    const messages = systemMessages(dto.messages);
    const lengthField = isGiven(dto.max_completion_tokens) ? 'max_completion_tokens' : 'max_tokens';
    return {
      ...readSamplingSettings(dto, source),
      prompt: await readConversationPrompt({ messages, chat_template_kwargs }, source.model),
      maxNewTokens: dto.max_completion_tokens ?? dto.max_tokens ?? null,
      wanted: { logprobs: dto.logprobs ?? false, topSampledTokens: readTopLogprobs(dto) },
      ...(ebnf === null ? {} : { grammar: { ebnf, field: 'response_format' } }),
      fields: { prompt: 'messages', maxNewTokens: lengthField, topSampledTokens: 'top_logprobs' },
    };
  }
}

function readTopLogprobs({ logprobs, top_logprobs: top }: ChatCompletionRequestDto): number {
  if (!top) return 0;
  if (logprobs === true) return top;
  throw invalid('top_logprobs', `is ${top} without logprobs.`, 'Set logprobs to true, or omit top_logprobs.');
}

/** OpenAI calls the system prompt of newer models `developer`; chat templates know it as `system`. */
function systemMessages(messages: unknown): unknown {
  if (!Array.isArray(messages)) return messages;
  return messages.map((message: unknown) => {
    const isObject = typeof message === 'object' && message !== null && 'role' in message;
    return isObject && message.role === 'developer' ? { ...message, role: 'system' } : message;
  });
}
