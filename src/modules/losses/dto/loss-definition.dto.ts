import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';

/*
 * A loss as its writer sends it, as Swagger UI shows it. No validator reads these classes: loss-definition.reader.ts
 * does, which names the field at fault within maps, too.
 */

export class ConfigDefinitionDto {
  /** Value where loss_fn_config leaves it out. */
  @ApiProperty({ example: 0.1 })
  default!: number;

  /** Smallest value that a request may give. */
  @ApiProperty({ example: 0 })
  min?: number;

  /** Largest value that a request may give. */
  @ApiProperty({ example: 10 })
  max?: number;

  /** What it means; at most 2000 characters. */
  @ApiProperty({ example: 'Strength of the penalty that keeps the policy close to the reference' })
  description?: string;
}

export class InputDefinitionDto {
  /** 'token' = one number per target token, 'datum' = one for the whole datum. */
  @ApiProperty({ enum: ['token', 'datum'], default: 'token', example: 'datum' })
  per?: string;

  /** What every number counts as where a request leaves the input out; without it the input is required. */
  @ApiProperty({ example: 1 })
  default?: number;

  /** What it means; at most 2000 characters. */
  @ApiProperty({ example: 'Id of the pair that the datum belongs to' })
  description?: string;
}

const FORMULAS = { type: 'object', additionalProperties: { type: 'string' } } as const;

@ApiExtraModels(ConfigDefinitionDto, InputDefinitionDto)
export class LossDefinitionDto {
  /**
   * What loss_fn will call it: a letter, then letters, digits and underscores, at most 64; not that of a built-in loss.
   * @example my_dpo
   */
  name!: string;

  /** What it is for; at most 2000 characters. */
  @ApiProperty({ example: 'Direct Preference Optimization over pairs of datums' })
  description?: string;

  /** Formulas with names, which those further down can use; at most 64. */
  @ApiProperty({ ...FORMULAS, example: { log_ratio: 'datum_sum(target_logprobs - reference_logprobs)' } })
  let?: Record<string, string>;

  /** One number for the batch, made from target_logprobs. Each formula has at most 4096 characters. */
  @ApiProperty({ example: '-sum(weights * target_logprobs)' })
  loss!: string;

  /** Which tokens count: sums and averages see no others. By default those whose weight is not 0. */
  @ApiProperty({ example: 'weights != 0' })
  mask?: string;

  /** Numbers to be told with the loss, by name; at most 32. */
  @ApiProperty({ ...FORMULAS, example: { mean_nll: 'mean(-target_logprobs)' } })
  metrics?: Record<string, string>;

  /** Numbers that a request can set in loss_fn_config: the default, or an object with it; at most 64. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { oneOf: [{ type: 'number' }, { $ref: getSchemaPath(ConfigDefinitionDto) }] },
    example: { beta: { default: 0.1, min: 0 } },
  })
  config?: Record<string, number | ConfigDefinitionDto>;

  /** Inputs that are not simply required numbers, one per token; at most 64. Other names in formulas need no entry. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: getSchemaPath(InputDefinitionDto) },
    example: { weights: { default: 1 } },
  })
  inputs?: Record<string, InputDefinitionDto>;
}
