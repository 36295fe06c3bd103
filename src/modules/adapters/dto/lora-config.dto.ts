import { ApiProperty } from '@nestjs/swagger';
import { Allow, IsBoolean, IsInt, IsNumber, IsOptional, IsPositive, Max, Min } from 'class-validator';
import { SeedProperty } from '../../../common/http/validation/is-seed.decorator.js';
import { TARGET_MODULES } from '../../../domain/adapter/lora-spec.js';
import { type Seed } from '../../../domain/seed.js';
import { ALL_LINEAR } from '../target-selection.js';

const FINITE = { allowNaN: false, allowInfinity: false };

export class LoraConfigDto {
  /**
   * Rank of the low-rank matrices.
   * @example 16
   */
  @ApiProperty({ default: 16, minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  rank?: number;

  /** PEFT's name for rank. */
  @ApiProperty({ minimum: 1, example: 16 })
  @IsOptional()
  @IsInt()
  @Min(1)
  r?: number;

  /**
   * Scale: B A x is multiplied by alpha / rank.
   * @example 32
   */
  @ApiProperty({ default: 32 })
  @IsOptional()
  @IsNumber(FINITE)
  @IsPositive()
  alpha?: number;

  /** PEFT's name for alpha. */
  @ApiProperty({ example: 32 })
  @IsOptional()
  @IsNumber(FINITE)
  @IsPositive()
  lora_alpha?: number;

  /** Probability of dropping an input of the A matrices while training. */
  @ApiProperty({ default: 0, minimum: 0, maximum: 0.99, example: 0.05 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(0.99)
  dropout?: number;

  /** PEFT's name for dropout. */
  @ApiProperty({ minimum: 0, maximum: 0.99, example: 0.05 })
  @IsOptional()
  @IsNumber(FINITE)
  @Min(0)
  @Max(0.99)
  lora_dropout?: number;

  /**
   * Linears with LoRA, of those that the base model has (GET /get_server_capabilities lists them), or "all-linear" for all
   * of every layer (never including lm_head; rejected for a mixture of experts, whose experts carry no LoRA). Default for
   * models with a joint qkv_proj: ["qkv_proj"].
   */
  @ApiProperty({
    oneOf: [
      { type: 'array', items: { type: 'string', enum: [...TARGET_MODULES] } },
      { type: 'string', enum: [ALL_LINEAR] },
    ],
    default: ['q_proj', 'v_proj'],
    example: ['q_proj', 'v_proj'],
  })
  @Allow()
  target_modules?: string[] | string;

  /** Rank-stabilised scaling: alpha / sqrt(rank) instead of alpha / rank. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  use_rslora?: boolean;

  /** Seed of the initial matrices and the dropout masks: any integer, or a string of its digits. */
  @IsOptional()
  @SeedProperty({ default: 0 })
  seed?: Seed;
}
