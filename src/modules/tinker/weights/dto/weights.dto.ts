import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsObject, IsOptional, IsString, Max, Min } from 'class-validator';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { IsStorable } from '../../../../common/http/validation/is-storable.js';

/** Ten years: enough to tell a slip from a wish. */
export const MAX_TTL_S = 315_360_000;

class TinkerSaveFieldsDto {
  /**
   * The model.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  @IsString()
  model_id!: string;

  /** The client's number of the request: a repeat returns the first future. */
  @ApiProperty({ minimum: 0, example: 3 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq_id?: number;

  /** Name of the checkpoint. Without a name, the sampler weights belong to one sampling session, which the result contains. */
  @ApiProperty({ example: 'step-10' })
  @IsOptional()
  @IsString()
  path?: string;

  /** Seconds until the checkpoint is deleted. Default: never. */
  @ApiProperty({ minimum: 1, example: 604800 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_S)
  ttl_seconds?: number;

  /** Arbitrary metadata of the client. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: {} })
  @IsOptional()
  @IsObject()
  @IsStorable()
  user_metadata?: Record<string, string>;
}

/** The SDK's other kind, `inflight`, is weights that change while clients sample from them. */
const SAMPLER_KINDS = ['snapshot'] as const;

@AcceptsUnknownFields()
export class TinkerSaveForSamplerDto extends TinkerSaveFieldsDto {
  /** Kind of sampler weights: a copy, which later training does not change. No other kind is supported. */
  @ApiProperty({ enum: SAMPLER_KINDS, default: 'snapshot', example: 'snapshot' })
  @IsOptional()
  @IsIn(SAMPLER_KINDS, { message: "kind must be 'snapshot'; this server supports no other kind" })
  kind?: (typeof SAMPLER_KINDS)[number];
}

@AcceptsUnknownFields()
export class TinkerSaveDto extends TinkerSaveFieldsDto {
  /** Whether to replace an existing checkpoint of this name; otherwise the request is rejected. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  overwrite?: boolean;
}

@AcceptsUnknownFields()
export class TinkerLoadDto {
  /** The model to load into; alternatively, session_id and model_seq_id create a new model. */
  @ApiProperty({ example: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0' })
  @IsOptional()
  @IsString()
  model_id?: string;

  /** The session of the new model. */
  @ApiProperty({ example: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @IsOptional()
  @IsString()
  session_id?: string;

  /** The client's number of the new model. */
  @ApiProperty({ minimum: 0, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  model_seq_id?: number;

  /** Base model of the new model; must be that of the checkpoint. */
  @ApiProperty({ example: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  @IsOptional()
  @IsString()
  base_model?: string;

  /** API key of the owner of the checkpoint, if it belongs to another key. */
  @ApiProperty({ example: 'tml-key-of-another-account' })
  @IsOptional()
  @IsString()
  weights_access_token?: string;

  /** Arbitrary metadata of the client for the new model. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  @IsOptional()
  @IsObject()
  @IsStorable()
  user_metadata?: Record<string, unknown>;

  /** Only AdamW is supported; it has no settings here. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { type: 'adamw' } })
  @IsOptional()
  @IsObject()
  optimizer_config?: Record<string, unknown>;

  /** The client's number of the request: a repeat returns the first future. */
  @ApiProperty({ minimum: 0, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq_id?: number;

  /**
   * The checkpoint: your own, of any model, or a public one.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10
   */
  @IsString()
  path!: string;

  /** Whether to restore moments and step as well; otherwise the optimiser is reset. */
  @ApiProperty({ default: false, example: true })
  @IsOptional()
  @IsBoolean()
  optimizer?: boolean;
}

@AcceptsUnknownFields()
export class TinkerPathDto {
  /**
   * The checkpoint.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10
   */
  @IsString()
  tinker_path!: string;
}

export class WeightsInfoDto {
  /**
   * Base model of the checkpoint.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  base_model!: string;

  /**
   * Always.
   * @example true
   */
  is_lora!: boolean;

  /**
   * Rank of the adapter.
   * @example 32
   */
  lora_rank!: number;

  /**
   * Whether the output projection has LoRA.
   * @example true
   */
  train_unembed!: boolean;

  /**
   * Whether the MLP layers have LoRA.
   * @example true
   */
  train_mlp!: boolean;

  /**
   * Whether the attention layers have LoRA.
   * @example true
   */
  train_attn!: boolean;
}

@AcceptsUnknownFields()
export class TtlDto {
  /** Seconds from now; null = never. */
  @ApiProperty({ nullable: true, minimum: 1, example: 604800 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_S)
  ttl_seconds?: number | null;
}
