import { Injectable } from '@nestjs/common';
import { invalid, isGiven } from '../../../common/json/json-fields.js';
import { AnswerGrammarBuilder } from '../../../grammars/answer-grammars.js';
import {
  type OfferedTools,
  readConversationPrompt,
  type SamplingOrder,
  SamplingSources,
  toolGrammar,
} from '../../generation/index.js';
import { readSamplingSettings } from '../sampling-settings.reader.js';
import { type ChatCompletionRequestDto } from './chat-completion.dto.js';
import { readChatMessages } from './chat-messages.reader.js';
import { parametersField, readRequestedTools, type RequestedTools } from './tools.reader.js';
import { readResponseFormat } from './response-format.reader.js';

/** An order, and how its answers are read. */
export interface ChatOrder {
  readonly order: SamplingOrder;
  /** null: calls of functions are not looked for. */
  readonly tools: OfferedTools | null;
}

/** What POST /v1/chat/completions asks for. */
@Injectable()
export class ChatCompletionReader {
  constructor(private readonly sources: SamplingSources) {}

  /** @throws AppErrors for models that are not there and for what cannot be read */
  async read(dto: ChatCompletionRequestDto): Promise<ChatOrder> {
    const source = await this.sources.named(dto.model, 'model');
    const tools = await readRequestedTools(dto, source.model);
    const grammar = readGrammar(dto, tools);
    const { chat_template_kwargs } = dto;
    const messages = readChatMessages(dto.messages);
    const conversation = { messages, tools: tools?.definitions, chat_template_kwargs };
    const order: SamplingOrder = {
      ...readSamplingSettings(dto, source),
      prompt: await readConversationPrompt(conversation, source.model),
      maxNewTokens: dto.max_completion_tokens ?? dto.max_tokens ?? null,
      wanted: { logprobs: dto.logprobs ?? false, topSampledTokens: readTopLogprobs(dto) },
      captured: {
        input: { kind: 'chat', messages, tools: tools?.definitions, continuesAnswer: false },
        metadata: dto.metadata ?? {},
      },
      ...(grammar ? { grammar } : {}),
      ...(tools ? { shown: tools.format.markers } : {}),
      fields: { prompt: 'messages', maxNewTokens: readLengthField(dto), topSampledTokens: 'top_logprobs' },
    };
    return { order, tools };
  }
}

/** What holds the answers to a form: that of an answer, that of calls, or either. */
function readGrammar(dto: ChatCompletionRequestDto, tools: RequestedTools | null): SamplingOrder['grammar'] {
  const builder = new AnswerGrammarBuilder();
  const form = readResponseFormat(dto.response_format, builder);
  const root = tools ? toolGrammar(tools, tools.rules, builder, form, parametersField) : form;
  return root === null ? undefined : { ebnf: builder.build(root), field: tools ? 'tools' : 'response_format' };
}

/** By which name the client limits the answer; max_tokens is the older one. */
function readLengthField(dto: ChatCompletionRequestDto): 'max_completion_tokens' | 'max_tokens' {
  if (!isGiven(dto.max_completion_tokens)) return 'max_tokens';
  if (!isGiven(dto.max_tokens)) return 'max_completion_tokens';
  throw invalid('max_tokens', 'is given beside max_completion_tokens.', 'Omit max_tokens, the older name.');
}

function readTopLogprobs({ logprobs, top_logprobs: top }: ChatCompletionRequestDto): number {
  if (!top) return 0;
  if (logprobs === true) return top;
  throw invalid('top_logprobs', `is ${top} without logprobs.`, 'Set logprobs to true, or omit top_logprobs.');
}
