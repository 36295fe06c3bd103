import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../../base-models/base-model.js';
import { readTools } from '../../../base-models/chat-templates/conversation.reader.js';
import { ConflictError, InvalidRequestError } from '../../../common/errors/request.errors.js';
import { invalid, isGiven } from '../../../common/json/json-fields.js';
import { oneSetting } from '../../../common/json/one-setting.js';
import { toSeed } from '../../../domain/seed.js';
import { type CapturedRequest } from '../../captures/index.js';
import { type GenerateDto } from '../dto/generate.dto.js';
import { type SamplingOrder, type SamplingSource } from '../sampling-order.js';
import { SamplingSources } from '../sampling-sources.js';
import { readConversationPrompt, readTextPrompt, readTokensPrompt } from './prompt.reader.js';
import { readStop } from './stop.reader.js';

const DEFAULT_MAX_NEW_TOKENS = 64;
const PROMPT_FIELDS = ['messages', 'prompt', 'tokens'] as const;
/** What only a chat template can do. */
const CHAT_FIELDS = ['tools', 'chat_template_kwargs', 'add_generation_prompt', 'continue_final_message'] as const;

type PromptField = (typeof PROMPT_FIELDS)[number];

/** What POST /generate asks for. */
@Injectable()
export class GenerateReader {
  constructor(private readonly sources: SamplingSources) {}

  /** @throws AppErrors for names that are not there, or not of the base model named, and for what cannot be read */
  async read(dto: GenerateDto): Promise<SamplingOrder> {
    const source = await this.sourceOf(dto);
    if (dto.async && dto.stream) {
      throw invalid('stream', 'and async are both true.', 'stream and async are mutually exclusive.');
    }
    const { model } = source;
    const field = promptField(dto);
    return {
      source,
      prompt: await readPrompt(dto, field, model),
      count: oneSetting(dto.n, dto.num_samples, 'n', 'num_samples') ?? 1,
      maxNewTokens:
        oneSetting(dto.max_new_tokens, dto.max_tokens, 'max_new_tokens', 'max_tokens') ?? DEFAULT_MAX_NEW_TOKENS,
      settings: {
        temperature: dto.temperature ?? undefined,
        topP: dto.top_p ?? undefined,
        topK: dto.top_k ?? undefined,
        minP: dto.min_p ?? undefined,
        repetitionPenalty: dto.repetition_penalty ?? undefined,
      },
      stop: { ...readStop(dto.stop, 'stop', model), endTokens: true },
      seed: isGiven(dto.seed) ? toSeed(dto.seed) : null,
      wanted: { logprobs: dto.logprobs ?? false },
      captured: { input: capturedInput(dto, field), metadata: dto.metadata ?? {} },
      stream: dto.stream ?? false,
      fields: { prompt: field, maxNewTokens: 'max_new_tokens', topSampledTokens: 'logprobs' },
    };
  }

  private async sourceOf({ model_id: modelId, base_model: baseModel }: GenerateDto): Promise<SamplingSource> {
    const wanted = isGiven(baseModel) ? this.sources.base(baseModel) : null;
    if (!isGiven(modelId)) return wanted ?? this.sources.base();
    if (modelId === 'base' && wanted) return { ...wanted, modelId };
    const source = await this.sources.named(modelId, 'model_id');
    if (wanted === null || wanted.model.name === source.model.name) return source;
    const problem = `'${source.modelId}' has base model ${source.model.name}, not ${wanted.model.name}.`;
    const remedy = 'Omit base_model, or use another model_id.';
    throw new ConflictError(`${problem} ${remedy}`, { field: 'base_model', remedy });
  }
}

/** The one of its forms in which the prompt is given. */
function promptField(dto: GenerateDto): PromptField {
  const given = PROMPT_FIELDS.filter((name) => isGiven(dto[name]));
  const [field] = given;
  if (field !== undefined && given.length === 1) return field;
  const remedy = 'Pass exactly one of messages, prompt and tokens.';
  const problem = field === undefined ? 'There is no prompt.' : `The request contains ${given.join(' and ')}.`;
  throw new InvalidRequestError(`${problem} ${remedy}`, { field: field ?? 'messages', remedy });
}

function capturedInput(dto: GenerateDto, field: PromptField): CapturedRequest['input'] {
  if (field === 'tokens') return { kind: 'tokens' };
  if (field === 'prompt') return { kind: 'text', prompt: dto.prompt ?? '' };
  const { messages, continue_final_message: continuesAnswer = false } = dto;
  return { kind: 'chat', messages, tools: readTools(dto.tools, 'tools'), continuesAnswer };
}

async function readPrompt(dto: GenerateDto, field: PromptField, model: BaseModel): Promise<Int32Array> {
  if (field === 'messages') return readConversationPrompt(dto, model);
  const chatField = CHAT_FIELDS.find((name) => isGiven(dto[name]));
  if (chatField !== undefined) throw invalid(chatField, 'only applies to conversations.', 'Send messages, or omit it.');
  return field === 'prompt'
    ? readTextPrompt(dto.prompt ?? '', 'prompt', model)
    : readTokensPrompt(dto.tokens ?? [], 'tokens', model);
}
