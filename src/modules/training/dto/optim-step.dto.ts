import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsInt,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { DEFAULT_ADAM } from '../../../domain/adapter/adam-params.js';

const FINITE = { allowNaN: false, allowInfinity: false };
/** Decay rates must stay below 1; this is the largest that the bias correction can still tell from 1. */
const MAX_BETA = 1 - Number.EPSILON;

export class AdamParamsDto {
  /** Step size. */
  @ApiProperty({ default: DEFAULT_ADAM.learningRate, minimum: 0, example: 0.0005 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  learning_rate?: number;

  /** PyTorch's name for learning_rate. */
  @ApiProperty({ minimum: 0, example: 0.0005 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  lr?: number;

  /** Decay of the first moment. */
  @ApiProperty({ default: DEFAULT_ADAM.beta1, minimum: 0, maximum: 1, exclusiveMaximum: true, example: 0.9 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(MAX_BETA)
  beta1?: number;

  /** Decay of the second moment. */
  @ApiProperty({ default: DEFAULT_ADAM.beta2, minimum: 0, maximum: 1, exclusiveMaximum: true, example: 0.999 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(MAX_BETA)
  beta2?: number;

  /** PyTorch's form of beta1 and beta2. */
  @ApiProperty({ type: [Number], minItems: 2, maxItems: 2, example: [0.9, 0.999] })
  @IsOptional()
  @ArrayMinSize(2)
  @ArrayMaxSize(2)
  @IsNumber(FINITE, { each: true })
  @Min(0, { each: true })
  @Max(MAX_BETA, { each: true })
  betas?: number[];

  /** Added to the square root of the second moment. */
  @ApiProperty({ default: DEFAULT_ADAM.eps, example: 1e-8 })
  @IsOptional()
  @IsNumber(FINITE)
  @IsPositive()
  eps?: number;

  /** Decoupled weight decay. */
  @ApiProperty({ default: DEFAULT_ADAM.weightDecay, minimum: 0, example: 0.01 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  weight_decay?: number;

  /** Maximum global norm of the gradients; 0 = no clipping. */
  @ApiProperty({ default: DEFAULT_ADAM.gradClipNorm, minimum: 0, example: 1 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  grad_clip_norm?: number;

  /** transformers' name for grad_clip_norm. */
  @ApiProperty({ minimum: 0, example: 1 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  max_grad_norm?: number;
}

export class OptimStepDto {
  /**
   * Name of the adapter.
   * @example my-model
   */
  @IsString()
  model_id!: string;

  /** AdamW settings of this step; they may change on every call. */
  @ApiProperty({ type: AdamParamsDto, example: { learning_rate: 0.0005 } })
  @IsOptional()
  @ValidateNested()
  @Type(() => AdamParamsDto)
  adam_params?: AdamParamsDto;

  /** Your number of this request; a repeat with the same number returns the same future. */
  @ApiProperty({ minimum: 0, example: 2 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq_id?: number;
}
