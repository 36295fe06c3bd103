import { ApiProperty } from '@nestjs/swagger';
import { type LossMetadata } from '../loss-function.js';

export class LossInputDto {
  /**
   * Key in loss_fn_inputs.
   * @example advantages
   */
  name!: string;

  /** What the numbers are: token ids or floats. */
  @ApiProperty({ enum: ['int', 'float'], example: 'float' })
  dtype!: string;

  /**
   * Whether a request must give it; conversations fill in target_tokens themselves.
   * @example true
   */
  required!: boolean;

  /**
   * What it means.
   * @example "Advantage of each target."
   */
  description!: string;
}

export class LossConfigKeyDto {
  /**
   * Key in loss_fn_config.
   * @example clip_high_threshold
   */
  name!: string;

  /**
   * Value when it is left out.
   * @example 1.2
   */
  default!: number;

  /**
   * What it means.
   * @example "Upper bound on the probability ratio."
   */
  description!: string;
}

export class LossFunctionDto {
  /**
   * Value for loss_fn.
   * @example ppo
   */
  name!: string;

  /**
   * What it is for.
   * @example "Proximal Policy Optimization with clipping for RL"
   */
  description!: string;

  /** Arrays it reads, one number per target token. */
  @ApiProperty({ type: [LossInputDto] })
  inputs!: LossInputDto[];

  /** Numbers it takes in loss_fn_config. */
  @ApiProperty({ type: [LossConfigKeyDto] })
  config!: LossConfigKeyDto[];
}

export class LossFunctionsDto {
  /**
   * Names for loss_fn.
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
}

export function toLossFunctionsDto(losses: readonly LossMetadata[]): LossFunctionsDto {
  return {
    available_loss_functions: losses.map(({ name }) => name),
    descriptions: Object.fromEntries(losses.map(({ name, description }) => [name, description])),
    losses: losses.map(({ name, description, inputs, config }) => ({
      name,
      description,
      inputs: inputs.map((input) => ({
        name: input.name,
        dtype: input.dtype,
        required: input.required,
        description: input.description,
      })),
      config: config.map((key) => ({ name: key.name, default: key.default, description: key.description })),
    })),
  };
}
