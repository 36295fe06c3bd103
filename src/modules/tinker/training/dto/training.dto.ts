import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsNumber, IsObject, IsOptional, IsString, Max, Min, ValidateNested } from 'class-validator';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { OTHER_ADAM_SETTINGS } from '../../dto/foreign-settings.js';
import { RefusesFields } from '../../../../common/http/validation/refuses-fields.js';

const FINITE = { allowNaN: false, allowInfinity: false };

/** The SDK's defaults, which are not those of the root routes. */
@RefusesFields(OTHER_ADAM_SETTINGS)
export class TinkerAdamParamsDto {
  /** Step size. */
  @ApiProperty({ default: 1e-4, minimum: 0, example: 0.0001 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  learning_rate?: number;

  /** Decay of the first moment. */
  @ApiProperty({ default: 0.9, minimum: 0, example: 0.9 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(1 - Number.EPSILON)
  beta1?: number;

  /** Decay of the second moment. */
  @ApiProperty({ default: 0.95, minimum: 0, example: 0.95 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(1 - Number.EPSILON)
  beta2?: number;

  /** Added to the square root of the second moment. */
  @ApiProperty({ default: 1e-12, minimum: 0, example: 1e-12 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  eps?: number;

  /** Decoupled weight decay. */
  @ApiProperty({ default: 0, minimum: 0, example: 0 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  weight_decay?: number;

  /** Maximum global norm of the gradients; 0 = no clipping. */
  @ApiProperty({ default: 0, example: 0 })
  @IsOptional()
  @IsNumber(FINITE)
  grad_clip_norm?: number;

  /** Type of the optimiser; only "adam" is supported. */
  @ApiProperty({ example: 'adam' })
  @IsOptional()
  @IsString()
  type?: string;
}

@AcceptsUnknownFields()
export class TinkerOptimStepDto {
  /**
   * The model.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  @IsString()
  model_id!: string;

  /** The client's number of the request: a repeat returns the first future. */
  @ApiProperty({ minimum: 0, example: 2 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq_id?: number;

  /** AdamW settings of this step. */
  @ApiProperty({ type: TinkerAdamParamsDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => TinkerAdamParamsDto)
  adam_params?: TinkerAdamParamsDto;

  /** Settings of another optimiser, which this server rejects. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  @IsOptional()
  @IsObject()
  optimizer_params?: Record<string, unknown>;

  /** Older name for adam_params. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  @IsOptional()
  @IsObject()
  optim_params?: Record<string, unknown>;
}
