import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsInt, IsObject, IsOptional, IsString, Max, Min, ValidateNested } from 'class-validator';
import { SeedProperty } from '../../../../common/http/validation/is-seed.decorator.js';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { IsStorable } from '../../../../common/http/validation/is-storable.js';
import { type Seed } from '../../../../domain/seed.js';
import { OTHER_LORA_SETTINGS } from '../../dto/foreign-settings.js';
import { RefusesFields } from '../../../../common/http/validation/refuses-fields.js';

@RefusesFields(OTHER_LORA_SETTINGS)
export class TinkerLoraConfigDto {
  /** Rank of the low-rank matrices. */
  @ApiProperty({ default: 32, minimum: 1, example: 32 })
  @IsOptional()
  @IsInt()
  @Min(1)
  rank?: number;

  /** Seed of the initial matrices. Default: derived from the model's id. */
  @IsOptional()
  @SeedProperty()
  seed?: Seed;

  /** Whether to train LoRA on the output projection. */
  @ApiProperty({ default: true, example: true })
  @IsOptional()
  @IsBoolean()
  train_unembed?: boolean;

  /** Whether to train LoRA on the MLP layers. */
  @ApiProperty({ default: true, example: true })
  @IsOptional()
  @IsBoolean()
  train_mlp?: boolean;

  /** Whether to train LoRA on the attention layers. */
  @ApiProperty({ default: true, example: true })
  @IsOptional()
  @IsBoolean()
  train_attn?: boolean;
}

@AcceptsUnknownFields()
export class CreateModelDto {
  /**
   * The session it belongs to.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsString()
  session_id!: string;

  /**
   * The client's number of the model in its session; a repeat returns the first model.
   * @example 0
   */
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  model_seq_id!: number;

  /** Base model, see get_server_capabilities. */
  @ApiProperty({ example: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  @IsString()
  base_model!: string;

  /** Arbitrary metadata of the client. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  @IsOptional()
  @IsObject()
  @IsStorable()
  user_metadata?: Record<string, unknown>;

  /** LoRA settings. */
  @ApiProperty({ type: TinkerLoraConfigDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => TinkerLoraConfigDto)
  lora_config?: TinkerLoraConfigDto;

  /** Only AdamW is supported; it has no settings here. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { type: 'adamw' } })
  @IsOptional()
  @IsObject()
  optimizer_config?: Record<string, unknown>;
}

@AcceptsUnknownFields()
export class TinkerModelIdDto {
  /**
   * The model.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  @IsString()
  model_id!: string;
}

/** What every request that computes is answered with. */
export class TinkerFutureDto {
  /**
   * Request id for retrieve_future.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  request_id!: string;

  /**
   * The model or base model of the operation.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  model_id!: string;
}

export class TinkerModelDataDto {
  /**
   * Architecture.
   * @example llama
   */
  arch!: string;

  /**
   * Base model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  model_name!: string;

  /**
   * Location of the tokenizer: a folder for a client on the same machine, otherwise the name of the base model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  tokenizer_id!: string;
}

export class TinkerModelInfoDto {
  /**
   * The model.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  model_id!: string;

  /** Architecture and tokenizer. */
  @ApiProperty({ type: TinkerModelDataDto })
  model_data!: TinkerModelDataDto;

  /**
   * Always true; every model is an adapter.
   * @example true
   */
  is_lora!: boolean;

  /**
   * Rank of the adapter.
   * @example 32
   */
  lora_rank!: number;

  /**
   * Base model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  model_name!: string;
}
