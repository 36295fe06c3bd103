import { ApiProperty } from '@nestjs/swagger';
import { Allow, IsInt, IsObject, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { AcceptsUnknownFields } from '../../../common/http/validation/accepts-unknown-fields.js';
import { MADE_SEEDS } from '../../../domain/seed.js';
import { METHODS } from '../plan/training-settings.js';
import { DpoHyperparametersDto, HyperparametersDto } from './hyperparameters.dto.js';
import { IsMetadata } from '../../../common/http/validation/is-metadata.js';

export class SupervisedMethodDto {
  /** Hyper-parameters; omitted ones are "auto". */
  @ApiProperty({ type: HyperparametersDto })
  hyperparameters?: HyperparametersDto;
}

export class DpoMethodDto {
  /** Hyper-parameters; omitted ones are "auto". */
  @ApiProperty({ type: DpoHyperparametersDto })
  hyperparameters?: DpoHyperparametersDto;
}

export class MethodDto {
  /** Supervised training on answers, or direct preference optimisation. */
  @ApiProperty({ enum: METHODS, example: 'supervised' })
  type!: string;

  /** Settings of the method supervised. */
  @ApiProperty({ type: SupervisedMethodDto })
  supervised?: SupervisedMethodDto;

  /** Settings of the method dpo. */
  @ApiProperty({ type: DpoMethodDto })
  dpo?: DpoMethodDto;
}

@AcceptsUnknownFields()
export class CreateJobDto {
  /** Base model ("base" for the server's first one). */
  @ApiProperty({ example: 'base' })
  @IsString()
  model!: string;

  /** Id of a file with purpose fine-tune. */
  @ApiProperty({ example: 'file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @IsString()
  training_file!: string;

  /** Id of a file whose loss is computed after each epoch. */
  @ApiProperty({ type: String, nullable: true, example: null })
  @IsOptional()
  @IsString()
  validation_file?: string | null;

  /** How to train, with its hyper-parameters. Default: supervised. */
  @ApiProperty({ type: MethodDto })
  @IsOptional()
  @IsObject()
  method?: MethodDto;

  /** Hyper-parameters of the method, in the former format of OpenAI's API. */
  @ApiProperty({ type: HyperparametersDto, deprecated: true })
  @IsOptional()
  @IsObject()
  hyperparameters?: HyperparametersDto;

  /** Part of the model's name: up to 64 letters, digits, dots, dashes and underscores. */
  @ApiProperty({ type: String, nullable: true, pattern: '^[A-Za-z0-9._-]{1,64}$', example: 'support' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9._-]{1,64}$/, {
    message: '$property must have 1 to 64 letters, digits, dots, dashes and underscores',
  })
  suffix?: string | null;

  /** Seed of the order of rows, the initial weights and dropout. Default: a random one. */
  @ApiProperty({ type: Number, nullable: true, minimum: 0, maximum: MADE_SEEDS - 1, example: 42 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MADE_SEEDS - 1)
  seed?: number | null;

  /** Up to 16 texts to store with the job: names of up to 64 characters, texts of up to 512. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    nullable: true,
    example: { team: 'support' },
  })
  @IsOptional()
  @IsMetadata()
  metadata?: Record<string, string> | null;

  /** Must be empty: this server sends nothing to other services. */
  @ApiProperty({ type: 'array', items: { type: 'object' }, nullable: true, example: [] })
  @Allow()
  integrations?: unknown;
}
