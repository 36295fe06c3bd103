import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { IsOptional, IsRFC3339, IsString, MaxLength } from 'class-validator';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';

@AcceptsUnknownFields()
export class UsageQueryDto {
  /** From this hour (UTC) on; a day before `ending_before` when left out. */
  @ApiProperty({ example: '2026-11-23T00:00:00Z' })
  @IsOptional()
  @IsRFC3339()
  starting_on?: string;

  /** Up to this hour (UTC), without it, at most 14 days after `starting_on`; the end of this hour when left out. */
  @ApiProperty({ example: '2026-11-24T00:00:00Z' })
  @IsOptional()
  @IsRFC3339()
  ending_before?: string;
}

@AcceptsUnknownFields()
export class StorageQueryDto {
  /** Only what the sessions of this project have saved. */
  @ApiProperty({ example: 'project-1' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  project_id?: string;
}

/** Tokens through forward and forward_backward. */
export class TrainingUsageDto {
  @ApiProperty({ enum: ['training'], description: 'Tokens of training data.', example: 'training' })
  type!: 'training';

  /**
   * Tokens of the batches, whatever their weight in the loss.
   * @example 4096
   */
  token_count!: number;
}

/** Tokens of prompts. */
export class PrefillUsageDto {
  @ApiProperty({ enum: ['sampling_prefill'], description: 'Tokens of prompts.', example: 'sampling_prefill' })
  type!: 'sampling_prefill';

  /**
   * Always false: every prompt is computed.
   * @example false
   */
  cached!: boolean;

  /**
   * Tokens of the prompts, once per request however many sequences it sampled.
   * @example 512
   */
  token_count!: number;
}

/** Tokens that were sampled. */
export class SampleUsageDto {
  @ApiProperty({ enum: ['sampling_sample'], description: 'Tokens that were sampled.', example: 'sampling_sample' })
  type!: 'sampling_sample';

  /**
   * Tokens of all sequences, stop tokens too.
   * @example 128
   */
  token_count!: number;
}

/** Checkpoints that were saved. */
export class CheckpointUsageDto {
  @ApiProperty({ enum: ['checkpoint'], description: 'Checkpoints that were saved.', example: 'checkpoint' })
  type!: 'checkpoint';

  /**
   * How many.
   * @example 1
   */
  count!: number;
}

export type UsageInfo = TrainingUsageDto | PrefillUsageDto | SampleUsageDto | CheckpointUsageDto;
const INFO = [TrainingUsageDto, PrefillUsageDto, SampleUsageDto, CheckpointUsageDto];

/** What one session used of one model within an hour, by one kind of request. */
@ApiExtraModels(...INFO)
export class UsageEventDto {
  /**
   * Begin of the hour (UTC) in which the results came.
   * @example 2026-11-23T10:00:00.000Z
   */
  bucket_start!: string;

  /**
   * Its end.
   * @example 2026-11-23T11:00:00.000Z
   */
  bucket_end!: string;

  /**
   * The base model underneath.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  base_model!: string;

  /**
   * Id of the key that it was used with; null where no keys are configured.
   * @example key_0123456789abcdef
   */
  user_id!: string | null;

  /**
   * The session; null for requests of other clients.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  session_id!: string | null;

  /**
   * The project that its session has now.
   * @example project-1
   */
  project_id!: string | null;

  /**
   * What was used: a training run, a sampling session, a checkpoint or a base model.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  model_id!: string;

  /**
   * Kind of request, as GET /futures names it.
   * @example forward_backward
   */
  kind!: string;

  /**
   * Requests that were completed.
   * @example 10
   */
  requests!: number;

  /**
   * Seconds from the start of each request to its end, added up.
   * @example 12.5
   */
  running_seconds!: number;

  /** How much of what; dispatch on `type`. */
  @ApiProperty({
    oneOf: INFO.map((model) => ({ $ref: getSchemaPath(model) })),
    example: { type: 'training', token_count: 4096 },
  })
  event_info!: UsageInfo;
}

export class UsageSessionDto {
  /** What its client wanted to remember; all values as text. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, nullable: true, example: {} })
  user_metadata!: Record<string, string> | null;
}

export class UsageDto {
  /** By hour, the most tokens first. Nothing has a price here. */
  @ApiProperty({ type: [UsageEventDto] })
  data!: UsageEventDto[];

  /** The sessions that `data` names, by id. */
  @ApiProperty({ type: 'object', additionalProperties: { $ref: getSchemaPath(UsageSessionDto) }, example: {} })
  sessions!: Record<string, UsageSessionDto>;
}

export class StorageItemDto {
  /**
   * The project of the sessions that saved them; null without one.
   * @example project-1
   */
  project_id!: string | null;

  /**
   * Id of the key; null where no keys are configured.
   * @example key_0123456789abcdef
   */
  org_user_urn!: string | null;

  /**
   * Checkpoints there are.
   * @example 3
   */
  checkpoint_count!: number;

  /**
   * Their files.
   * @example 4800000
   */
  size_bytes!: number;

  /**
   * The same in units of 10^9 bytes.
   * @example 0.0048
   */
  size_gigabytes!: number;
}

export class StorageDto {
  /** By project. Nothing has a price here. */
  @ApiProperty({ type: [StorageItemDto] })
  data!: StorageItemDto[];
}
