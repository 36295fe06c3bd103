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

  /** The client's number of the request: a repeat gives the first one's future. */
  @ApiProperty({ minimum: 0, example: 3 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq_id?: number;

  /** Name of the checkpoint. Without one a sampler snapshot is for one sampling session, which the result names. */
  @ApiProperty({ example: 'step-10' })
  @IsOptional()
  @IsString()
  path?: string;

  /** Deletes it after this many seconds; never when left out. */
  @ApiProperty({ minimum: 1, example: 604800 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_S)
  ttl_seconds?: number;

  /** Whatever the client wants to remember with it. */
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
  /** Kind of weights to sample from: later training does not change a snapshot. No other kind is served. */
  @ApiProperty({ enum: SAMPLER_KINDS, default: 'snapshot', example: 'snapshot' })
  @IsOptional()
  @IsIn(SAMPLER_KINDS, { message: "kind must be 'snapshot'; this server supports no other kind" })
  kind?: (typeof SAMPLER_KINDS)[number];
}

@AcceptsUnknownFields()
export class TinkerSaveDto extends TinkerSaveFieldsDto {
  /** Replaces a checkpoint of this name; else a name that is taken is refused. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  overwrite?: boolean;
}

@AcceptsUnknownFields()
export class TinkerLoadDto {
  /** The model to load into; or session_id and model_seq_id, to make one like the checkpoint's. */
  @ApiProperty({ example: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0' })
  @IsOptional()
  @IsString()
  model_id?: string;

  /** The session of the model to make. */
  @ApiProperty({ example: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @IsOptional()
  @IsString()
  session_id?: string;

  /** The client's number of the model to make. */
  @ApiProperty({ minimum: 0, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  model_seq_id?: number;

  /** Base model of the model to make: the checkpoint's own, whether given or not. */
  @ApiProperty({ example: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  @IsOptional()
  @IsString()
  base_model?: string;

  /** A key of the account that may read the checkpoint, where that is another one. */
  @ApiProperty({ example: 'tml-key-of-another-account' })
  @IsOptional()
  @IsString()
  weights_access_token?: string;

  /** Whatever the client wants to remember with the model to make. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  @IsOptional()
  @IsObject()
  @IsStorable()
  user_metadata?: Record<string, unknown>;

  /** Only AdamW, which has no settings here. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { type: 'adamw' } })
  @IsOptional()
  @IsObject()
  optimizer_config?: Record<string, unknown>;

  /** The client's number of the request: a repeat gives the first one's future. */
  @ApiProperty({ minimum: 0, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq_id?: number;

  /**
   * The checkpoint: an own one of any model, or a public one.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10
   */
  @IsString()
  path!: string;

  /** Restores moments and step as well; else the optimiser starts fresh. */
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
   * Base model that it is for.
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
   * Whether the output projection has a LoRA.
   * @example true
   */
  train_unembed!: boolean;

  /**
   * Whether the MLPs have LoRAs.
   * @example true
   */
  train_mlp!: boolean;

  /**
   * Whether attention has LoRAs.
   * @example true
   */
  train_attn!: boolean;
}

@AcceptsUnknownFields()
export class TtlDto {
  /** Seconds from now; null: never. */
  @ApiProperty({ nullable: true, minimum: 1, example: 604800 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_S)
  ttl_seconds?: number | null;
}
