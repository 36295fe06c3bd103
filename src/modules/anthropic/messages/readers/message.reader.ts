import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../../../base-models/base-model.js';
import { isMetadata } from '../../../../common/http/validation/is-metadata.js';
import { describe, invalid, isGiven, readObject } from '../../../../common/json/json-fields.js';
import { AnswerGrammarBuilder } from '../../../../grammars/answer-grammars.js';
import { type CapturedRequest } from '../../../captures/index.js';
import {
  readConversationPrompt,
  readStop,
  type SamplingOrder,
  SamplingSources,
  toolGrammar,
} from '../../../generation/index.js';
import { readConversation } from './conversation.reader.js';
import { type MessagePromptDto, type MessageRequestDto } from '../dto/message-request.dto.js';
import { type MessageOrder } from '../message-order.js';
import { readOutputFormat } from './output-format.reader.js';
import { type RequestedTools, readTools, schemaField } from './tools.reader.js';

/** What a request says to the model, and what it wants to hear. */
interface Asked {
  readonly prompt: Int32Array;
  readonly tools: RequestedTools | null;
  readonly grammar: SamplingOrder['grammar'] | null;
  readonly input: CapturedRequest['input'];
}

const FIELDS = { prompt: 'messages', maxNewTokens: 'max_tokens', topSampledTokens: 'top_logprobs' };

/** What the routes of the Messages API ask for. */
@Injectable()
export class MessageReader {
  constructor(private readonly sources: SamplingSources) {}

  /** The prompt that a request gives. @throws AppErrors for models that are not there and for what cannot be read */
  async readPrompt(dto: MessagePromptDto): Promise<Int32Array> {
    const { model } = await this.sources.named(dto.model, 'model');
    return (await readAsked(dto, model)).prompt;
  }

  /** @throws as readPrompt */
  async read(dto: MessageRequestDto): Promise<MessageOrder> {
    const source = await this.sources.named(dto.model, 'model');
    const { prompt, tools, grammar, input } = await readAsked(dto, source.model);
    const { contextLength } = source.model.config;
    if (dto.max_tokens > contextLength) {
      throw invalid('max_tokens', `is ${dto.max_tokens}.`, `Use at most ${contextLength}, the model's context length.`);
    }
    const endsWithContext = prompt.length + dto.max_tokens > contextLength;
    const stopSequences = dto.stop_sequences ?? [];
    const order: SamplingOrder = {
      source,
      prompt,
      count: 1,
      maxNewTokens: endsWithContext ? null : dto.max_tokens,
      settings: {
        temperature: dto.temperature ?? undefined,
        topP: dto.top_p ?? undefined,
        topK: dto.top_k ?? undefined,
      },
      stop: { ...readStop(stopSequences, 'stop_sequences', source.model), endTokens: true },
      seed: null,
      wanted: { logprobs: false },
      captured: { input, metadata: readMetadata(dto.metadata) },
      ...(grammar ? { grammar } : {}),
      shown: tools?.format.markers,
      stream: dto.stream ?? false,
      fields: FIELDS,
    };
    return { order, model: dto.model, stopSequences, endsWithContext, tools };
  }
}

async function readAsked(dto: MessagePromptDto, model: BaseModel): Promise<Asked> {
  refuseThinking(dto.thinking);
  const tools = await readTools(dto, model);
  const { messages, continuesAnswer, hasToolCalls } = readConversation(dto.messages, dto.system);
  if (hasToolCalls && (await model.tokenizer.toolUse()) === 'ignored') {
    const problem = `contain calls of tools, which the chat template of '${model.name}' ignores.`;
    throw invalid('messages', problem, 'Omit them, or use a model whose chat template knows tools.');
  }
  const grammar = readGrammar(dto, tools, continuesAnswer);
  const conversation = { messages, tools: tools?.definitions, continue_final_message: continuesAnswer };
  const input = { kind: 'chat', messages, tools: tools?.definitions, continuesAnswer } as const;
  return { prompt: await readConversationPrompt(conversation, model), tools, grammar, input };
}

/** What holds the answer to a form: that of an answer, that of calls, or either. */
function readGrammar(dto: MessagePromptDto, tools: RequestedTools | null, continuesAnswer: boolean): Asked['grammar'] {
  const builder = new AnswerGrammarBuilder();
  const form = readOutputFormat(dto.output_config, builder);
  const field = tools ? 'tools' : 'output_config.format';
  if (continuesAnswer && (form !== null || (tools && tools.rules.choice !== 'auto'))) {
    const problem = `end with the beginning of an answer, whose form is given by ${form ? 'output_config.format' : 'tool_choice'}.`;
    throw invalid('messages', problem, 'Let the last message be one of the user.');
  }
  const root = tools ? toolGrammar(tools, tools.rules, builder, form, schemaField) : form;
  return root === null ? null : { ebnf: builder.build(root), field };
}

/** `user_id`, and other short texts where a client has some. */
function readMetadata(metadata: unknown): CapturedRequest['metadata'] {
  if (typeof metadata !== 'object' || metadata === null) return {};
  const given = Object.fromEntries(Object.entries(metadata).filter(([, value]) => isGiven(value)));
  return isMetadata(given) ? given : {};
}

function refuseThinking(thinking: unknown): void {
  if (!isGiven(thinking)) return;
  const { type } = readObject(thinking, 'thinking', 'Pass {"type": "disabled"}, or omit it.');
  if (type === 'disabled') return;
  throw invalid('thinking.type', `is ${describe(type)}.`, 'This server only knows "disabled".');
}
