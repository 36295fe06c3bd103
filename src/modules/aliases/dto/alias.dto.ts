import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength, MinLength } from 'class-validator';
import { IsStorable } from '../../../common/http/validation/is-storable.js';

const CHANGES = ['set', 'promoted', 'rolled_back'] as const;

export class SetAliasDto {
  /**
   * Name of an adapter or a base model, or path of sampler weights, which do not change any more.
   * @example my-model
   */
  @IsString()
  @IsStorable()
  @MinLength(1)
  @MaxLength(512)
  target!: string;
}

export class AliasEvaluationDto {
  /**
   * Id of the file whose rows were scored.
   * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  file!: string;

  /**
   * Rows of the file.
   * @example 20
   */
  rows!: number;

  /**
   * Tokens that were scored: those of the answers.
   * @example 140
   */
  tokens!: number;

  /**
   * Mean loss per token of the new target.
   * @example 1.25
   */
  loss!: number;

  /**
   * Mean loss per token of the target that it replaced.
   * @example 2.5
   */
  current_loss!: number;

  /**
   * Maximum by which the new loss was allowed to exceed the old one.
   * @example 0
   */
  tolerance!: number;
}

export class AliasVersionDto {
  /**
   * 1, 2, 3, ... under one name.
   * @example 2
   */
  version!: number;

  /**
   * Target of the alias.
   * @example my-model
   */
  target!: string;

  /**
   * Base model of the target.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  base_model!: string;

  /** How the version was created. */
  @ApiProperty({ enum: CHANGES, example: 'promoted' })
  change!: (typeof CHANGES)[number];

  /** The version whose target a rollback of this one returns to; null if there is none. */
  @ApiProperty({ type: 'integer', nullable: true, example: 1 })
  previous_version!: number | null;

  /** The comparison that it was promoted on; null if there was none. */
  @ApiProperty({ type: AliasEvaluationDto, nullable: true })
  eval!: AliasEvaluationDto | null;

  /** Time of the change. */
  @ApiProperty({ example: '2026-01-01T12:00:00.000Z' })
  created_at!: string;
}

export class AliasDto extends AliasVersionDto {
  /**
   * Name of the alias.
   * @example my-alias
   */
  name!: string;
}

export class AliasWithHistoryDto extends AliasDto {
  /** All versions, newest first. */
  @ApiProperty({ type: [AliasVersionDto] })
  history!: AliasVersionDto[];
}

export class AliasListDto {
  /** Your aliases by name. */
  @ApiProperty({ type: [AliasDto] })
  aliases!: AliasDto[];
}

export class AliasDeletedDto {
  /**
   * Name of the alias.
   * @example my-alias
   */
  name!: string;

  /** Always `deleted`. */
  @ApiProperty({ enum: ['deleted'], example: 'deleted' })
  status!: 'deleted';
}
