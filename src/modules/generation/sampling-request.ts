import { randomInt } from 'node:crypto';
import { type BaseModel } from '../../base-models/base-model.js';
import {
  readMessages,
  readTemplateVariables,
  readTools,
} from '../../base-models/chat-templates/conversation.reader.js';
import { requireEmbeddings } from '../../base-models/tokenizers/text-limits.js';
import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { describe, invalid, isGiven } from '../../common/json/json-fields.js';
import { readTokenIds } from '../../common/json/number-lists.js';
import { oneSetting } from '../../common/json/one-setting.js';
import { type GenerateRequest } from '../../compute/compute-backend.js';
import { type SamplingParams } from '../../domain/sampling.js';
import { toSeed } from '../../domain/seed.js';
import { type GenerateDto } from './dto/generate.dto.js';

/** As many as are easy to type again. */
const DRAWN_SEEDS = 2 ** 31;
const DEFAULT_MAX_NEW_TOKENS = 64;
/** Each is looked for in the text after every token. */
const MAX_STOP_STRINGS = 16;
const MAX_STOP_TOKENS = 1024;

/** What only a chat template can do. */
const CHAT_FIELDS = ['tools', 'chat_template_kwargs', 'add_generation_prompt', 'continue_final_message'] as const;

/** What to sample, checked against the base model; a seed is drawn where the request has none, so that it is logged. */
export async function toGenerateRequest(dto: GenerateDto, model: BaseModel): Promise<GenerateRequest> {
  if (dto.async && dto.stream) {
    throw invalid('stream', 'and async are both true.', 'Choose one: a stream is an answer, async is none yet.');
  }
  const prompt = await toPrompt(dto, model);
  const sampling = toSampling(dto, model);
  const limit = model.config.contextLength;
  if (prompt.length + sampling.maxNewTokens > limit) {
    throw invalid(
      'max_new_tokens',
      `${sampling.maxNewTokens} and a prompt of ${prompt.length} tokens exceed the context of ${limit} tokens.`,
      `Use at most ${limit - prompt.length}, or a shorter prompt.`,
    );
  }
  return { prompt, count: oneSetting(dto.n, dto.num_samples, 'n', 'num_samples') ?? 1, sampling };
}

async function toPrompt(dto: GenerateDto, model: BaseModel): Promise<Int32Array> {
  const given = (['messages', 'prompt', 'tokens'] as const).filter((name) => isGiven(dto[name]));
  const [field] = given;
  if (field === undefined || given.length > 1) {
    const remedy = 'Give exactly one of messages, prompt and tokens.';
    const problem = field === undefined ? 'There is nothing to continue.' : `${given.join(' and ')} were given.`;
    throw new InvalidRequestError(`${problem} ${remedy}`, { field: field ?? 'messages', remedy });
  }
  const prompt = await encodePrompt(dto, field, model);
  const { contextLength: limit } = model.config;
  if (prompt.length === 0) throw invalid(field, 'holds no tokens.', 'Give at least one token to continue from.');
  if (prompt.length >= limit) {
    const problem = `is ${prompt.length} tokens long, but '${model.name}' has a context of ${limit} tokens.`;
    throw invalid(field, problem, `Shorten it to at most ${limit - 1} tokens; nothing is cut silently.`);
  }
  await requireEmbeddings(prompt, field, model);
  return prompt;
}

async function encodePrompt(dto: GenerateDto, field: string, model: BaseModel): Promise<Int32Array> {
  if (isGiven(dto.messages)) return encodeMessages(dto, model);
  refuseWithoutMessages(dto);
  const { tokenizer, config } = model;
  if (typeof dto.prompt === 'string') {
    return tokenizer.encode(dto.prompt, { field, maxTokens: config.contextLength, addSpecialTokens: true });
  }
  const list = dto.tokens ?? [];
  const tokens = new Int32Array(list.length);
  readTokenIds(list, 'tokens', config.vocabSize, tokens, 0);
  return tokens;
}

async function encodeMessages(dto: GenerateDto, { tokenizer, config }: BaseModel): Promise<Int32Array> {
  const continueFinalMessage = dto.continue_final_message ?? false;
  const addGenerationPrompt = dto.add_generation_prompt ?? !continueFinalMessage;
  if (continueFinalMessage && addGenerationPrompt) {
    const remedy = 'Choose one: the last message goes on, or a new answer begins.';
    throw invalid('continue_final_message', 'and add_generation_prompt are both true.', remedy);
  }
  const { messages } = readMessages(dto.messages, 'messages', config.contextLength);
  const tools = readTools(dto.tools, 'tools');
  const templateVariables = readTemplateVariables(dto.chat_template_kwargs, 'chat_template_kwargs');
  const conversation = { messages, tools, templateVariables };
  const options = { addGenerationPrompt, continueFinalMessage, assistantMask: false, maxTokens: config.contextLength };
  return (await tokenizer.encodeChat(conversation, options)).tokens;
}

function refuseWithoutMessages(dto: GenerateDto): void {
  const field = CHAT_FIELDS.find((name) => isGiven(dto[name]));
  if (field !== undefined) throw invalid(field, 'is for conversations.', 'Send messages, or leave it out.');
}

function toSampling(dto: GenerateDto, model: BaseModel): SamplingParams {
  const stop = readStop(dto.stop, model);
  return {
    maxNewTokens:
      oneSetting(dto.max_new_tokens, dto.max_tokens, 'max_new_tokens', 'max_tokens') ?? DEFAULT_MAX_NEW_TOKENS,
    temperature: dto.temperature ?? 1,
    topP: dto.top_p ?? 1,
    topK: Math.max(dto.top_k ?? 0, 0),
    minP: dto.min_p ?? 0,
    repetitionPenalty: dto.repetition_penalty ?? 1,
    stopTokens: [...new Set([...model.tokenizer.endTokens, ...stop.tokens])],
    stopStrings: stop.strings,
    seed: isGiven(dto.seed) ? toSeed(dto.seed) : randomInt(DRAWN_SEEDS),
  };
}

/** Stop strings and token ids of a request. A special token is no part of the text, so its text stands for its id. */
export function readStop(stop: unknown, model: BaseModel): { tokens: readonly number[]; strings: readonly string[] } {
  if (!isGiven(stop)) return { tokens: [], strings: [] };
  const list: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  const areTokens = Array.isArray(stop) && list.every((entry) => typeof entry === 'number');
  if (list.length > (areTokens ? MAX_STOP_TOKENS : MAX_STOP_STRINGS)) {
    const remedy = `Give at most ${MAX_STOP_STRINGS} strings or ${MAX_STOP_TOKENS} token ids.`;
    throw invalid('stop', `has ${list.length} entries.`, remedy);
  }
  if (areTokens) {
    const tokens = new Int32Array(list.length);
    readTokenIds(list, 'stop', model.config.vocabSize, tokens, 0);
    return { tokens: [...tokens], strings: [] };
  }
  const strings = list.map((entry, i) => {
    if (typeof entry === 'string' && entry !== '') return entry;
    const field = Array.isArray(stop) ? `stop[${i}]` : 'stop';
    throw invalid(
      field,
      `is ${describe(entry)}.`,
      'Give a string, a list of strings that are not empty, or token ids.',
    );
  });
  const special = strings.flatMap((text) => model.tokenizer.specialTokens.get(text) ?? []);
  return { tokens: special, strings: strings.filter((text) => !model.tokenizer.specialTokens.has(text)) };
}
