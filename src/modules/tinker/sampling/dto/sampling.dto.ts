import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  Allow,
  IsBoolean,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { SeedProperty } from '../../../../common/http/validation/is-seed.decorator.js';
import { type Seed } from '../../../../domain/seed.js';
import { TinkerFutureDto } from '../../training/dto/model.dto.js';
import { OTHER_SAMPLING_SETTINGS } from '../../dto/foreign-settings.js';
import { RefusesFields } from '../../../../common/http/validation/refuses-fields.js';

const FINITE = { allowNaN: false, allowInfinity: false };

@AcceptsUnknownFields()
export class CreateSamplingSessionDto {
  /**
   * The session it belongs to.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsString()
  session_id!: string;

  /**
   * The client's number of the sampling session; a repeat returns the first one.
   * @example 0
   */
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  sampling_session_seq_id!: number;

  /** Base model to sample from; pass either this or model_path. */
  @ApiProperty({ example: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  @IsOptional()
  @IsString()
  base_model?: string;

  /** Checkpoint to sample from. */
  @ApiProperty({ example: 'tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/sampler_weights/best' })
  @IsOptional()
  @IsString()
  model_path?: string;
}

export class SamplingSessionDto {
  /**
   * Id of the sampling session, for asample.
   * @example sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  sampling_session_id!: string;
}

export class AsampleAcceptedDto extends TinkerFutureDto {
  /** One id per requested sample. */
  @ApiProperty({ type: [String], example: ['future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:0'] })
  sample_sequence_ids!: string[];
}

export class SamplerDto {
  /**
   * The sampling session.
   * @example sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  sampler_id!: string;

  /**
   * Base model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  base_model!: string;

  /**
   * Checkpoint; null for a bare base model and for unnamed sampler weights.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/sampler_weights/best
   */
  model_path!: string | null;
}

@RefusesFields(OTHER_SAMPLING_SETTINGS)
export class TinkerSamplingParamsDto {
  /** Maximum number of tokens to sample. Default: as many as fit in the context. */
  @ApiProperty({ minimum: 1, example: 64 })
  @IsOptional()
  @IsInt()
  @Min(1)
  max_tokens?: number;

  /** Seed of the random numbers, any integer: the same request with the same seed gives the same result. */
  @IsOptional()
  @SeedProperty()
  seed?: Seed;

  /**
   * A string, at most 16 strings or at most 1024 token ids that end a continuation, in addition to the end token; with
   * an empty list, not even that one does. A stop token is part of the continuation.
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

  /** 0 = greedy. */
  @ApiProperty({ default: 1, minimum: 0, maximum: 100, example: 1 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(100)
  temperature?: number;

  /** Sample from the k most likely tokens; -1 = off. */
  @ApiProperty({ default: -1, minimum: -1, example: -1 })
  @IsOptional()
  @IsInt()
  @Min(-1)
  top_k?: number;

  /** Sample from the most likely tokens whose total probability reaches this value; 1 = off. */
  @ApiProperty({ default: 1, minimum: 0, maximum: 1, example: 1 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(Number.EPSILON)
  @Max(1)
  top_p?: number;
}

/** Only the loss stable_reinforce reads what this asks to record. */
@RefusesFields({ record_stability_info: [false] })
@AcceptsUnknownFields()
export class AsampleDto {
  /** Number of completions. */
  @ApiProperty({ default: 1, minimum: 1, maximum: 1024, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1024)
  num_samples?: number;

  /** Prompt tokens: `{chunks: [{type: "encoded_text", tokens: [...]}]}`. */
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { chunks: [{ type: 'encoded_text', tokens: [1, 2, 3] }] },
  })
  @IsObject()
  prompt!: Record<string, unknown>;

  /** Sampling parameters. */
  @ApiProperty({ type: TinkerSamplingParamsDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => TinkerSamplingParamsDto)
  sampling_params?: TinkerSamplingParamsDto;

  /** Sampling session to sample from. */
  @ApiProperty({ example: 'sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @IsOptional()
  @IsString()
  sampling_session_id?: string;

  /** The client's number of the request in its sampling session: a repeat returns the first future. */
  @ApiProperty({ minimum: 0, example: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(2 ** 63)
  seq_id?: number;

  /** Base model to sample from, instead of a sampling session. */
  @ApiProperty({ example: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  @IsOptional()
  @IsString()
  base_model?: string;

  /** Checkpoint to sample from, instead of a sampling session. */
  @ApiProperty({ example: 'tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/sampler_weights/best' })
  @IsOptional()
  @IsString()
  model_path?: string;

  /** Whether to return the log-prob of every prompt token. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  prompt_logprobs?: boolean;

  /** Return prompt log-probs only for this many tokens at the end of the prompt. */
  @ApiProperty({ minimum: 1, example: 8 })
  @IsOptional()
  @IsInt()
  @Min(1)
  prompt_logprobs_last_n?: number;

  /** Top-k tokens to return per prompt position. */
  @ApiProperty({ default: 0, minimum: 0, maximum: 100, example: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(100)
  topk_prompt_logprobs?: number;

  /** Top-k tokens to return per sampled token. */
  @ApiProperty({ default: 0, minimum: 0, maximum: 100, example: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(100)
  topk_sample_logprobs?: number;

  /** Number of alternative tokens to sample per prompt position except the first, with replacement and with temperature only. */
  @ApiProperty({ default: 0, minimum: 0, maximum: 100, example: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(100)
  prompt_alt_tokens_k?: number;

  /**
   * Token ids whose log-probs to return, [prompt length - 1, K]: row i is for position i + 1 of the prompt; -1 is
   * ignored. Dense, or compressed sparse rows.
   */
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { data: [12, -1], dtype: 'int64', shape: [2, 1] },
  })
  @IsOptional()
  @IsObject()
  target_prompt_logprobs?: Record<string, unknown>;
}
