import { ApiProperty } from '@nestjs/swagger';
import { type LossDetails, type RegisteredLoss } from '../losses.service.js';
import { LossDefinitionDto } from './loss-definition.dto.js';
import {
  LossConfigKeyDto,
  LossFunctionDto,
  LossInputDto,
  toLossConfigKeyDto,
  toLossFunctionDto,
  toLossInputDto,
} from './loss-functions.dto.js';

export class GradientCheckDto {
  /**
   * Number of generated batches on which the gradient was compared with finite differences.
   * @example 4
   */
  checked!: number;

  /**
   * Number of generated batches; the loss was not finite on the rest.
   * @example 4
   */
  batches!: number;

  /**
   * Summary in words.
   * @example "The gradient agrees with finite differences on 4 of 4 generated batches."
   */
  message!: string;
}

export class LossRegisteredDto {
  /**
   * Value for loss_fn: the newest version.
   * @example my_dpo
   */
  name!: string;

  /**
   * 1, 2, 3, ... under this name; `my_dpo@1` remains version 1. Registering the same definition again returns the same version.
   * @example 1
   */
  version!: number;

  /** Creation time of the version. */
  @ApiProperty({ example: '2026-01-01T12:00:00.000Z' })
  created_at!: string;

  /** Inputs of the loss. */
  @ApiProperty({ type: [LossInputDto] })
  inputs!: LossInputDto[];

  /** Keys of loss_fn_config. */
  @ApiProperty({ type: [LossConfigKeyDto] })
  config!: LossConfigKeyDto[];

  /** How the gradient was checked. */
  @ApiProperty({ type: GradientCheckDto })
  gradient_check!: GradientCheckDto;

  /** Potential problems when the loss is used; empty if none were found. */
  @ApiProperty({ type: [String], example: [] })
  warnings!: string[];
}

export class LossVersionDto {
  /**
   * Number of the version.
   * @example 1
   */
  version!: number;

  /** Creation time. */
  @ApiProperty({ example: '2026-01-01T12:00:00.000Z' })
  created_at!: string;
}

export class LossDetailsDto extends LossFunctionDto {
  /** Formulas; null for a built-in loss. */
  @ApiProperty({ type: LossDefinitionDto, nullable: true })
  definition!: LossDefinitionDto | null;

  /** All versions, newest first; empty for a built-in loss. */
  @ApiProperty({ type: [LossVersionDto] })
  versions!: LossVersionDto[];
}

export class LossDeletedDto {
  /**
   * The loss.
   * @example my_dpo
   */
  name!: string;

  /**
   * Always 'deleted'.
   * @example deleted
   */
  status!: string;

  /**
   * Number of deleted versions.
   * @example 2
   */
  versions!: number;
}

function notFinite(batches: number): string {
  return (
    `The loss or its gradient was NaN or infinite on each of ${batches} generated batches; requests for which it is NaN or infinite ` +
    'fail. Try the loss on your own data with POST /loss_functions/preview.'
  );
}

export function toLossRegisteredDto({
  name,
  version,
  createdAt,
  metadata,
  gradientCheck,
}: RegisteredLoss): LossRegisteredDto {
  const { checked, batches } = gradientCheck;
  const message =
    checked === 0
      ? 'The loss or its gradient is not finite on the generated batches, so the gradient could not be checked.'
      : `The gradient agrees with finite differences on ${checked} of ${batches} generated batches.`;
  return {
    name,
    version,
    created_at: createdAt.toISOString(),
    inputs: metadata.inputs.map(toLossInputDto),
    config: metadata.config.map(toLossConfigKeyDto),
    gradient_check: { checked, batches, message },
    warnings: checked === 0 ? [notFinite(batches)] : [],
  };
}

export function toLossDetailsDto({ metadata, written, versions }: LossDetails): LossDetailsDto {
  return {
    ...toLossFunctionDto({ metadata, version: written?.version ?? null, shadowed: false }),
    definition: written?.definition ?? null,
    versions: versions.map(({ version, createdAt }) => ({ version, created_at: createdAt.toISOString() })),
  };
}
