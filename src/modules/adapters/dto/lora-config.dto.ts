import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsPositive,
  Max,
  Min,
} from 'class-validator';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { LAYER_TARGETS, type LoraSpec, TARGET_MODULES, type TargetModule } from '../../../domain/lora-spec.js';

/** PEFT's shorthand for every linear of the decoder layers. */
const ALL_LINEAR = 'all-linear';
const MAX_SEED = 2 ** 31 - 1;
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

  /** Linears that carry a LoRA, or "all-linear" for all seven of every layer (lm_head is never among those). */
  @ApiProperty({
    oneOf: [
      { type: 'array', items: { type: 'string', enum: [...TARGET_MODULES] } },
      { type: 'string', enum: [ALL_LINEAR] },
    ],
    default: ['q_proj', 'v_proj'],
    example: ['q_proj', 'v_proj'],
  })
  @IsOptional()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn([...TARGET_MODULES, ALL_LINEAR], { each: true })
  target_modules?: string[] | string;

  /** Rank-stabilised scaling: alpha / sqrt(rank) in place of alpha / rank. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  use_rslora?: boolean;

  /** Seeds the initial matrices and the dropout masks. */
  @ApiProperty({ default: 0, minimum: 0, maximum: MAX_SEED, example: 42 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_SEED)
  seed?: number;
}

/** What the request says about the adapter; what it leaves out is for the caller to fill in. */
export function toLoraSpec(dto: LoraConfigDto | undefined, field = 'lora_config'): Partial<LoraSpec> {
  if (!dto) return {};
  const rank = oneSetting(dto.rank, dto.r, `${field}.rank`, `${field}.r`);
  const alpha = oneSetting(dto.alpha, dto.lora_alpha, `${field}.alpha`, `${field}.lora_alpha`);
  const dropout = oneSetting(dto.dropout, dto.lora_dropout, `${field}.dropout`, `${field}.lora_dropout`);
  return {
    ...(rank === undefined ? {} : { rank }),
    ...(alpha === undefined ? {} : { alpha }),
    ...(dropout === undefined ? {} : { dropout }),
    ...(dto.target_modules === undefined ? {} : { targetModules: toTargets(dto.target_modules, field) }),
    ...(dto.use_rslora === undefined ? {} : { rsLora: dto.use_rslora }),
    ...(dto.seed === undefined ? {} : { seed: dto.seed }),
  };
}

/** In the order of TARGET_MODULES, so that the same set is the same adapter. */
function toTargets(given: string[] | string, field: string): readonly TargetModule[] {
  if (given === ALL_LINEAR) return LAYER_TARGETS;
  if (Array.isArray(given) && !given.includes(ALL_LINEAR)) {
    return TARGET_MODULES.filter((target) => given.includes(target));
  }
  const remedy = `Give a list of module names, or the string "${ALL_LINEAR}" alone.`;
  throw new InvalidRequestError(`${field}.target_modules must be a list. ${remedy}`, {
    field: `${field}.target_modules`,
    remedy,
  });
}

/** The value of a setting that has two names. */
export function oneSetting<T>(first: T | undefined, second: T | undefined, name: string, alias: string): T | undefined {
  if (first === undefined || second === undefined || first === second) return first ?? second;
  const remedy = 'They are two names of one setting: give one of them.';
  throw new InvalidRequestError(`${name} and ${alias} differ. ${remedy}`, { field: alias, remedy });
}
