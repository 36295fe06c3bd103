import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../../base-models/base-model.js';
import { describe, invalid, isGiven } from '../../../common/json/json-fields.js';
import { readTextPrompt, readTokensPrompt, type SamplingOrder, SamplingSources } from '../../generation/index.js';
import { readSamplingSettings } from '../sampling-settings.reader.js';
import { type TextCompletionRequestDto } from './completion.dto.js';

/** OpenAI's default. */
const MAX_TOKENS = 16;
/** Each is a request of its own in the log. */
const MAX_PROMPTS = 64;
const PROMPT_FORM = 'Pass a string, token ids, or a list of either.';

/** One prompt of a request. */
export interface CompletionOrder {
  readonly order: SamplingOrder;
  /** What comes before the continuation in the answer: the prompt, or nothing. */
  readonly echo: string | null;
  /** Whether the sampled token is only there because the prompt cannot be scored without one. */
  readonly onlyEcho: boolean;
}

/** What POST /v1/completions asks for. */
@Injectable()
export class CompletionReader {
  constructor(private readonly sources: SamplingSources) {}

  /** @throws AppErrors for models that are not there and for what cannot be read */
  async read(dto: TextCompletionRequestDto): Promise<CompletionOrder[]> {
    const source = await this.sources.named(dto.model, 'model');
    const maxNewTokens = readLength(dto);
    const withLogprobs = isGiven(dto.logprobs);
    const echoes = dto.echo === true && withLogprobs;
    const shared = {
      ...readSamplingSettings(dto, source),
      maxNewTokens,
      wanted: {
        logprobs: withLogprobs,
        topSampledTokens: dto.logprobs ?? 0,
        promptLogprobs: echoes,
        topPromptTokens: echoes ? (dto.logprobs ?? 0) : 0,
      },
    };
    const prompts = await readPrompts(dto.prompt, source.model);
    return prompts.map(({ prompt, text, input, field }) => ({
      order: {
        ...shared,
        prompt,
        ...(dto.max_tokens === 0 ? {} : { captured: { input, metadata: dto.metadata ?? {} } }),
        fields: { prompt: field, maxNewTokens: 'max_tokens', topSampledTokens: 'logprobs' },
      },
      echo: dto.echo === true ? text : null,
      onlyEcho: dto.max_tokens === 0,
    }));
  }
}

/** A prompt is scored by a request that samples one token, which is not part of the answer. */
function readLength({ max_tokens: given, echo, stream }: TextCompletionRequestDto): number {
  if (given !== 0) return given ?? MAX_TOKENS;
  if (echo === true && stream !== true) return 1;
  throw invalid('max_tokens', 'is 0.', 'That takes echo: true, and no stream.');
}

interface Prompt {
  readonly prompt: Int32Array;
  readonly text: string;
  /** The text of tokens need not give the same tokens again. */
  readonly input: NonNullable<SamplingOrder['captured']>['input'];
  readonly field: string;
}

async function readPrompts(value: unknown, model: BaseModel): Promise<Prompt[]> {
  if (!isListOfPrompts(value)) return [await readPrompt(value, 'prompt', model)];
  if (value.length > MAX_PROMPTS) {
    throw invalid('prompt', `has ${value.length} prompts.`, `Send at most ${MAX_PROMPTS} in a request.`);
  }
  return Promise.all(value.map((one, i) => readPrompt(one, `prompt[${i}]`, model)));
}

/** A list of numbers is one prompt. */
function isListOfPrompts(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0 && typeof value[0] !== 'number';
}

async function readPrompt(value: unknown, field: string, model: BaseModel): Promise<Prompt> {
  if (typeof value === 'string') {
    const prompt = await readTextPrompt(value, field, model);
    return { prompt, text: value, input: { kind: 'text', prompt: value }, field };
  }
  if (!Array.isArray(value)) {
    throw invalid(field, `must be a string or token ids, but is ${describe(value)}.`, PROMPT_FORM);
  }
  const prompt = readTokensPrompt(value, field, model);
  const text = await model.tokenizer.decode(prompt, { skipSpecialTokens: true });
  return { prompt, text, input: { kind: 'tokens' }, field };
}
