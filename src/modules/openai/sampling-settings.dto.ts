import { ApiProperty } from '@nestjs/swagger';
import { Allow, IsBoolean, IsInt, IsNumber, IsOptional, IsPositive, IsString, Max, Min } from 'class-validator';
import { IsMetadata, type Metadata } from '../../common/http/validation/is-metadata.js';
import { SeedProperty } from '../../common/http/validation/is-seed.decorator.js';
import { type Seed } from '../../domain/seed.js';

const FINITE = { allowNaN: false, allowInfinity: false };

export class StreamOptionsDto {
  /** Whether a last chunk contains the usage. */
  @ApiProperty({ default: false, example: true })
  include_usage?: boolean;
}

/** What chat and text completions have in common. Fields that are not here are ignored, or refused by name. */
export class SamplingSettingsDto {
  /**
   * Adapter, base model ("base" for the server's first one), or path of sampler weights
   * (tinker://<model_id>/sampler_weights/<name>).
   */
  @ApiProperty({ example: 'my-model' })
  @IsString()
  model!: string;

  /** Flattens (above 1) or sharpens (below 1) the distribution; 0 = greedy. */
  @ApiProperty({ default: 1, minimum: 0, maximum: 2, example: 0.7 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(2)
  temperature?: number;

  /** Sample from the most likely tokens whose total probability reaches this value; 1 = off. */
  @ApiProperty({ default: 1, minimum: 0, maximum: 1, example: 1 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(1)
  top_p?: number;

  /** Sample from the k most likely tokens; 0 or -1 = off. Not in OpenAI's API; as in vLLM's. */
  @ApiProperty({ default: 0, minimum: -1, example: 0 })
  @IsOptional()
  @IsInt()
  @Min(-1)
  top_k?: number;

  /** Minimum probability of a token relative to the most likely one; 0 = off. As in vLLM's API. */
  @ApiProperty({ default: 0, minimum: 0, maximum: 1, example: 0 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(1)
  min_p?: number;

  /** Makes tokens of the prompt and the answer so far less likely (above 1); 1 = off. As in vLLM's API. */
  @ApiProperty({ default: 1, minimum: 0, exclusiveMinimum: true, example: 1 })
  @IsOptional()
  @IsNumber(FINITE)
  @IsPositive()
  repetition_penalty?: number;

  /** Subtracted from the logit of a token for every time that it has been sampled. */
  @ApiProperty({ default: 0, minimum: -2, maximum: 2, example: 0 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(-2)
  @Max(2)
  frequency_penalty?: number;

  /** Subtracted from the logit of a token that has been sampled. */
  @ApiProperty({ default: 0, minimum: -2, maximum: 2, example: 0 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(-2)
  @Max(2)
  presence_penalty?: number;

  /** Added to the logits of tokens: {"<token id>": -100 to 100}. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, example: {} })
  @Allow()
  logit_bias?: unknown;

  /** Up to 16 strings that end an answer; they are not part of it. The model's own end tokens always end it. */
  @ApiProperty({ oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }], example: ['\n\n'] })
  @Allow()
  stop?: unknown;

  /** The same request with the same seed gives the same answer. */
  @IsOptional()
  @SeedProperty()
  seed?: Seed;

  /** Number of answers. */
  @ApiProperty({ default: 1, minimum: 1, maximum: 64, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(64)
  n?: number;

  /** Stream the answer as server-sent events, followed by `[DONE]`. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  stream?: boolean;

  /** Kept with the request if it is captured: up to 16 short texts. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { team: 'support' } })
  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;

  /** Options of streams. */
  @ApiProperty({ type: StreamOptionsDto, example: { include_usage: true } })
  @Allow()
  stream_options?: StreamOptionsDto | null;
}

export class TokenUsageDto {
  /**
   * Tokens of the prompt.
   * @example 12
   */
  prompt_tokens!: number;

  /**
   * Tokens of all answers together.
   * @example 24
   */
  completion_tokens!: number;

  /**
   * Sum of both.
   * @example 36
   */
  total_tokens!: number;
}
