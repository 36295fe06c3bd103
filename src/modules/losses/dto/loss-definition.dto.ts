import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';

/*
 * A loss as its writer sends it, as Swagger UI shows it. No validator reads these classes: loss-definition.reader.ts
 * does, which names the field at fault within maps, too.
 */

export class ConfigDefinitionDto {
  /** Default value. */
  @ApiProperty({ example: 0.1 })
  default!: number;

  /** Minimum value. */
  @ApiProperty({ example: 0 })
  min?: number;

  /** Maximum value. */
  @ApiProperty({ example: 10 })
  max?: number;

  /** Description; at most 2000 characters. */
  @ApiProperty({ example: 'Strength of the penalty that keeps the policy close to the reference' })
  description?: string;
}

export class InputDefinitionDto {
  /** 'token' = one number per target token, 'datum' = one for the whole datum. */
  @ApiProperty({ enum: ['token', 'datum'], default: 'token', example: 'datum' })
  per?: string;

  /** Value of every number if a request omits the input; without a default, the input is required. */
  @ApiProperty({ example: 1 })
  default?: number;

  /** Description; at most 2000 characters. */
  @ApiProperty({ example: 'Id of the pair that the datum belongs to' })
  description?: string;
}

const FORMULAS = { type: 'object', additionalProperties: { type: 'string' } } as const;

@ApiExtraModels(ConfigDefinitionDto, InputDefinitionDto)
export class LossDefinitionDto {
  /**
   * Name for loss_fn: a letter, then letters, digits and underscores, at most 64; not the name of a built-in loss.
   * @example my_dpo
   */
  name!: string;

  /** What it is for; at most 2000 characters. */
  @ApiProperty({ example: 'Direct Preference Optimization over pairs of datums' })
  description?: string;

  /** Named formulas, which later ones can use; at most 64. */
  @ApiProperty({ ...FORMULAS, example: { log_ratio: 'datum_sum(target_logprobs - reference_logprobs)' } })
  let?: Record<string, string>;

  /** Formula of the loss, one number that depends on target_logprobs. A formula has at most 4096 characters. */
  @ApiProperty({ example: '-sum(weights * target_logprobs)' })
  loss!: string;

  /** Condition that selects the tokens that count in sums and averages. Default: tokens whose weight is not 0. */
  @ApiProperty({ example: 'weights != 0' })
  mask?: string;

  /** Formulas of metrics, by name; at most 32. */
  @ApiProperty({ ...FORMULAS, example: { mean_nll: 'mean(-target_logprobs)' } })
  metrics?: Record<string, string>;

  /** Settings for loss_fn_config: the default, or an object that contains it; at most 64. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { oneOf: [{ type: 'number' }, { $ref: getSchemaPath(ConfigDefinitionDto) }] },
    example: { beta: { default: 0.1, min: 0 } },
  })
  config?: Record<string, number | ConfigDefinitionDto>;

  /** Inputs that are optional or per datum; at most 64. Other names in formulas are required per-token inputs. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: getSchemaPath(InputDefinitionDto) },
    example: { weights: { default: 1 } },
  })
  inputs?: Record<string, InputDefinitionDto>;
}
