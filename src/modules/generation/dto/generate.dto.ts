import { ApiProperty } from '@nestjs/swagger';
import {
  Allow,
  IsArray,
  IsBoolean,
  IsInt,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  Max,
  Min,
} from 'class-validator';
import { IsMetadata, type Metadata } from '../../../common/http/validation/is-metadata.js';
import { SeedProperty } from '../../../common/http/validation/is-seed.decorator.js';
import { type Seed } from '../../../domain/seed.js';
import { ChatMessageDto } from '../../adapters/index.js';
import { GeneratedDto } from '../../futures/index.js';

const FINITE = { allowNaN: false, allowInfinity: false };

export class GenerateDto {
  /**
   * Adapter to sample from, or the path of sampler weights (tinker://<model_id>/sampler_weights/<name>). Default, and
   * with a base model's name or "base": the base model itself.
   */
  @ApiProperty({ example: 'my-model' })
  @IsOptional()
  @IsString()
  model_id?: string;

  /** Base model, if there is no model_id. Default: the first one of the server. */
  @ApiProperty({ example: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  @IsOptional()
  @IsString()
  base_model?: string;

  /** A conversation, rendered with the model's chat template. Pass either this, prompt or tokens. */
  @ApiProperty({ type: [ChatMessageDto], example: [{ role: 'user', content: 'Hello' }] })
  @Allow()
  messages?: unknown;

  /** For messages: functions that the model may call, for chat templates that support tools. */
  @ApiProperty({ type: 'array', items: { type: 'object' }, example: [] })
  @Allow()
  tools?: unknown;

  /** For messages: additional variables of the chat template, such as {"enable_thinking": false}. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  @Allow()
  chat_template_kwargs?: unknown;

  /** For messages: end the prompt with the opening of the assistant's next turn. */
  @ApiProperty({ default: true, example: true })
  @IsOptional()
  @IsBoolean()
  add_generation_prompt?: boolean;

  /** For messages: continue the last message instead of answering it. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  continue_final_message?: boolean;

  /** Prompt as text, without a chat template. */
  @ApiProperty({ example: 'Once upon a time' })
  @IsOptional()
  @IsString()
  prompt?: string;

  /** Prompt as token ids. */
  @ApiProperty({ type: [Number], example: [1, 2, 3] })
  @IsOptional()
  @IsArray()
  tokens?: number[];

  /** Kept with the request if it is captured: up to 16 short texts. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { team: 'support' } })
  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;

  /** Maximum number of tokens to sample. */
  @ApiProperty({ default: 64, minimum: 1, example: 64 })
  @IsOptional()
  @IsInt()
  @Min(1)
  max_new_tokens?: number;

  /** OpenAI's name for max_new_tokens. */
  @ApiProperty({ minimum: 1, example: 64 })
  @IsOptional()
  @IsInt()
  @Min(1)
  max_tokens?: number;

  /** Flattens (above 1) or sharpens (below 1) the distribution; 0 = greedy. */
  @ApiProperty({ default: 1, minimum: 0, maximum: 100, example: 0.7 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(100)
  temperature?: number;

  /** Sample from the most likely tokens whose total probability reaches this value; 1 = off. */
  @ApiProperty({ default: 1, minimum: 0, exclusiveMinimum: true, maximum: 1, example: 0.95 })
  @IsOptional()
  @IsNumber(FINITE)
  @IsPositive()
  @Max(1)
  top_p?: number;

  /** Sample from the k most likely tokens; 0 or -1 = off. */
  @ApiProperty({ default: 0, minimum: -1, example: 50 })
  @IsOptional()
  @IsInt()
  @Min(-1)
  top_k?: number;

  /** Minimum probability of a token relative to the most likely one; 0 = off. */
  @ApiProperty({ default: 0, minimum: 0, maximum: 1, example: 0.05 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(1)
  min_p?: number;

  /** Penalty above 1 makes tokens that have already occurred less likely; 1 = off. */
  @ApiProperty({ default: 1, minimum: 0, exclusiveMinimum: true, example: 1.1 })
  @IsOptional()
  @IsNumber(FINITE)
  @IsPositive()
  repetition_penalty?: number;

  /**
   * Ends a continuation: a string, up to 16 strings, or token ids. Strings are left out of the text. The model's own end
   * tokens always end it.
   */
  @ApiProperty({
    oneOf: [
      { type: 'string' },
      { type: 'array', items: { type: 'string' } },
      { type: 'array', items: { type: 'integer' } },
    ],
    example: ['\n\n'],
  })
  @Allow()
  stop?: unknown;

  /**
   * The same request with the same seed gives the same answer. Any integer, or a string of its digits. Default: a
   * random one, which the response contains.
   */
  @IsOptional()
  @SeedProperty()
  seed?: Seed;

  /** Number of completions. */
  @ApiProperty({ default: 1, minimum: 1, maximum: 64, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(64)
  n?: number;

  /** Tinker's name for n. */
  @ApiProperty({ minimum: 1, maximum: 64, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(64)
  num_samples?: number;

  /** Whether to return the log-prob of every sampled token. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  logprobs?: boolean;

  /** Return a request id immediately; POST /retrieve_future returns the result. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  async?: boolean;

  /** Return server-sent events: token (index, token, text), then done (the whole result) or error. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  stream?: boolean;
}

export class GenerateResultDto extends GeneratedDto {
  /**
   * Future of this result, to retrieve it again.
   * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  request_id!: string;

  /**
   * The model that was sampled from.
   * @example my-model
   */
  model_id!: string;
}
