import { ApiProperty } from '@nestjs/swagger';
import { Allow, IsBoolean, IsInt, IsNumber, IsOptional, IsPositive, Max, Min } from 'class-validator';
import { SeedProperty } from '../../../common/http/validation/is-seed.decorator.js';
import { isGiven } from '../../../common/json/json-fields.js';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { oneSetting } from '../../../common/json/one-setting.js';
import { LAYER_TARGETS, type LoraSpec, TARGET_MODULES, type TargetModule } from '../../../domain/adapter/lora-spec.js';
import { type Seed, toSeed } from '../../../domain/seed.js';

/** PEFT's shorthand for every linear of the decoder layers. */
const ALL_LINEAR = 'all-linear';
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
  @Allow()
  target_modules?: string[] | string;

  /** Rank-stabilised scaling: alpha / sqrt(rank) in place of alpha / rank. */
  @ApiProperty({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  use_rslora?: boolean;

  /** Seeds the initial matrices and the dropout masks: any integer, or a string of its digits. */
  @IsOptional()
  @SeedProperty({ default: 0 })
  seed?: Seed;
}

/** What the request says about the adapter; what it leaves out is for the caller to fill in. */
export function toLoraSpec(dto: LoraConfigDto | undefined, field = 'lora_config'): Partial<LoraSpec> {
  if (!dto) return {};
  const rank = oneSetting(dto.rank, dto.r, `${field}.rank`, `${field}.r`);
  const alpha = oneSetting(dto.alpha, dto.lora_alpha, `${field}.alpha`, `${field}.lora_alpha`);
  const dropout = oneSetting(dto.dropout, dto.lora_dropout, `${field}.dropout`, `${field}.lora_dropout`);
  const modules = dto.target_modules ?? undefined;
  const targetModules = modules === undefined ? undefined : toTargets(modules, field);
  const { use_rslora: rsLora } = dto;
  const seed = isGiven(dto.seed) ? toSeed(dto.seed) : undefined;
  const given = Object.entries({ rank, alpha, dropout, targetModules, rsLora, seed });
  // Null is left out, as undefined is.
  return Object.fromEntries(given.filter(([, value]) => (value ?? undefined) !== undefined));
}

/** In the order of TARGET_MODULES, so that the same set is the same adapter. */
function toTargets(given: unknown, field: string): readonly TargetModule[] {
  if (given === ALL_LINEAR) return LAYER_TARGETS;
  const names: readonly unknown[] = Array.isArray(given) ? given : [];
  const targets = TARGET_MODULES.filter((target) => names.includes(target));
  // Shorter where a name is unknown or stands there twice.
  if (names.length > 0 && targets.length === names.length) return targets;
  const path = `${field}.target_modules`;
  const remedy = `Give "${ALL_LINEAR}" or a list of different names out of ${TARGET_MODULES.join(', ')}.`;
  throw new InvalidRequestError(`${path} is not usable. ${remedy}`, { field: path, remedy });
}
