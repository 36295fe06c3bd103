import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { PageSize } from '../../../common/pages/page.decorators.js';
import { type LossConfigKey, type LossInputSpec } from '../../../losses/loss-function.js';
import { type ListedLoss, type LossPage } from '../loss-page.js';

export class ListLossFunctionsDto {
  /** Only losses of the server (built in or plugins), or only those that you have registered. */
  @ApiProperty({ enum: ['server', 'own'], example: 'own' })
  @IsOptional()
  @IsIn(['server', 'own'])
  origin?: 'server' | 'own';

  /** Only losses whose name contains this text, case-insensitively. */
  @ApiProperty({ example: 'dpo' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  name?: string;

  /**
   * Losses per page. Default: all.
   * @example 50
   */
  @PageSize()
  limit?: number;

  /**
   * `next_cursor` of the previous page.
   * @example "own.my_dpo"
   */
  @IsOptional()
  @IsString()
  cursor?: string;
}

export class LossInputDto {
  /**
   * Key in loss_fn_inputs.
   * @example advantages
   */
  name!: string;

  /** Type of the numbers: token ids or floats. */
  @ApiProperty({ enum: ['int', 'float'], example: 'float' })
  dtype!: string;

  /** 'token' = one number per target token, 'datum' = one for the whole datum. */
  @ApiProperty({ enum: ['token', 'datum'], example: 'token' })
  per!: string;

  /**
   * Whether a request must contain it; for conversations, target_tokens is filled in automatically.
   * @example true
   */
  required!: boolean;

  /**
   * Description.
   * @example "Advantage of each target."
   */
  description!: string;

  /** Value of every number if the input is omitted; null if it is required or has another meaning. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  default!: number | null;
}

export class LossConfigKeyDto {
  /**
   * Key in loss_fn_config.
   * @example clip_high_threshold
   */
  name!: string;

  /**
   * Default value.
   * @example 1.2
   */
  default!: number;

  /**
   * Description.
   * @example "Upper bound on the probability ratio."
   */
  description!: string;

  /** Minimum value; null if there is none. */
  @ApiProperty({ type: Number, nullable: true, example: 0 })
  min!: number | null;

  /** Maximum value; null if there is none. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  max!: number | null;
}

export class LossFunctionDto {
  /**
   * Value for loss_fn.
   * @example ppo
   */
  name!: string;

  /**
   * Description of the loss.
   * @example "Proximal Policy Optimization with clipping for RL"
   */
  description!: string;

  /** Newest version of your loss; null for a built-in loss. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  version!: number | null;

  /**
   * Whether this loss of the server is hidden by one of yours, which you had registered under the same name earlier; it
   * becomes available once you delete yours.
   * @example false
   */
  shadowed!: boolean;

  /** Inputs of the loss. */
  @ApiProperty({ type: [LossInputDto] })
  inputs!: LossInputDto[];

  /** Keys of loss_fn_config. */
  @ApiProperty({ type: [LossConfigKeyDto] })
  config!: LossConfigKeyDto[];
}

export class LossFunctionsDto {
  /**
   * Values of loss_fn.
   * @example ["cross_entropy", "importance_sampling", "ppo", "cispo", "dro"]
   */
  @ApiProperty({ type: [String] })
  available_loss_functions!: string[];

  /** Description by name. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { cross_entropy: 'Standard supervised learning (negative log-likelihood)' },
  })
  descriptions!: Record<string, string>;

  /** Everything about each loss. */
  @ApiProperty({ type: [LossFunctionDto] })
  losses!: LossFunctionDto[];

  /** Pass it as `cursor` to get the next page; null on the last page. */
  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}

export function toLossFunctionsDto({ losses, nextCursor }: LossPage): LossFunctionsDto {
  const meant = losses.filter(({ shadowed }) => !shadowed).map(({ metadata }) => metadata);
  return {
    available_loss_functions: meant.map(({ name }) => name),
    descriptions: Object.fromEntries(meant.map(({ name, description }) => [name, description])),
    losses: losses.map(toLossFunctionDto),
    next_cursor: nextCursor,
  };
}

export function toLossFunctionDto({ metadata, version, shadowed }: ListedLoss): LossFunctionDto {
  const { name, description } = metadata;
  const inputs = metadata.inputs.map(toLossInputDto);
  return { name, description, version, shadowed, inputs, config: metadata.config.map(toLossConfigKeyDto) };
}

export function toLossInputDto({
  name,
  dtype,
  per,
  required,
  description,
  default: value,
}: LossInputSpec): LossInputDto {
  return { name, dtype, per: per ?? 'token', required, description, default: value ?? null };
}

export function toLossConfigKeyDto({ name, default: value, description, min, max }: LossConfigKey): LossConfigKeyDto {
  return { name, default: value, description, min: min ?? null, max: max ?? null };
}
