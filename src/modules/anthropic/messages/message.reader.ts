import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../../base-models/base-model.js';
import { describe, invalid, isGiven, readObject } from '../../../common/json/json-fields.js';
import {
  type OfferedTools,
  readConversationPrompt,
  readStop,
  type SamplingOrder,
  SamplingSources,
} from '../../generation/index.js';
import { readConversation } from './conversation.reader.js';
import { type MessagePromptDto, type MessageRequestDto } from './message-request.dto.js';
import { type MessageOrder } from './message-order.js';
import { readTools } from './tools.reader.js';

const FIELDS = { prompt: 'messages', maxNewTokens: 'max_tokens', topSampledTokens: 'top_logprobs' };

/** What the routes of the Messages API ask for. */
@Injectable()
export class MessageReader {
  constructor(private readonly sources: SamplingSources) {}

  /** The prompt that a request gives. @throws AppErrors for models that are not there and for what cannot be read */
  async readPrompt(dto: MessagePromptDto): Promise<Int32Array> {
    const { model } = await this.sources.named(dto.model, 'model');
    return toPrompt(dto, model, await readTools(dto, model));
  }

  /** @throws as readPrompt */
  async read(dto: MessageRequestDto): Promise<MessageOrder> {
    const source = await this.sources.named(dto.model, 'model');
    const tools = await readTools(dto, source.model);
    const prompt = await toPrompt(dto, source.model, tools);
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
      shown: tools?.format.markers,
      stream: dto.stream ?? false,
      fields: FIELDS,
    };
    return { order, model: dto.model, stopSequences, endsWithContext, tools };
  }
}

async function toPrompt(dto: MessagePromptDto, model: BaseModel, tools: OfferedTools | null): Promise<Int32Array> {
  refuseThinking(dto.thinking);
  refuseFormat(dto.output_config);
  const { messages, continuesAnswer, hasToolCalls } = readConversation(dto.messages, dto.system);
  if (hasToolCalls && (await model.tokenizer.toolUse()) === 'ignored') {
    const problem = `contain calls of tools, which the chat template of '${model.name}' ignores.`;
    throw invalid('messages', problem, 'Omit them, or use a model whose chat template knows tools.');
  }
  const conversation = { messages, tools: tools?.definitions, continue_final_message: continuesAnswer };
  return readConversationPrompt(conversation, model);
}

function refuseThinking(thinking: unknown): void {
  if (!isGiven(thinking)) return;
  const { type } = readObject(thinking, 'thinking', 'Pass {"type": "disabled"}, or omit it.');
  if (type === 'disabled') return;
  throw invalid('thinking.type', `is ${describe(type)}.`, 'This server only knows "disabled".');
}

function refuseFormat(config: unknown): void {
  if (!isGiven(config)) return;
  const { format } = readObject(config, 'output_config', 'Pass an object, or omit it.');
  if (isGiven(format)) throw invalid('output_config.format', 'is not supported.', 'Omit it: answers are plain text.');
}
