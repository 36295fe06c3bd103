import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { IsOptional, IsRFC3339, IsString, MaxLength } from 'class-validator';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';

@AcceptsUnknownFields()
export class UsageQueryDto {
  /** From this hour (UTC) on. Default: a day before `ending_before`. */
  @ApiProperty({ example: '2026-11-23T00:00:00Z' })
  @IsOptional()
  @IsRFC3339()
  starting_on?: string;

  /** Up to this hour (UTC), exclusive, at most 14 days after `starting_on`. Default: the end of the current hour. */
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
   * Tokens of the batches, regardless of their weights.
   * @example 4096
   */
  token_count!: number;
}

/** Tokens of prompts. */
export class PrefillUsageDto {
  @ApiProperty({ enum: ['sampling_prefill'], description: 'Tokens of prompts.', example: 'sampling_prefill' })
  type!: 'sampling_prefill';

  /**
   * Always false; prompts are not cached.
   * @example false
   */
  cached!: boolean;

  /**
   * Prompt tokens, counted once per request regardless of the number of sequences.
   * @example 512
   */
  token_count!: number;
}

/** Tokens that were sampled. */
export class SampleUsageDto {
  @ApiProperty({ enum: ['sampling_sample'], description: 'Tokens that were sampled.', example: 'sampling_sample' })
  type!: 'sampling_sample';

  /**
   * Tokens of all sequences, including stop tokens.
   * @example 128
   */
  token_count!: number;
}

/** Checkpoints that were saved. */
export class CheckpointUsageDto {
  @ApiProperty({ enum: ['checkpoint'], description: 'Checkpoints that were saved.', example: 'checkpoint' })
  type!: 'checkpoint';

  /**
   * Number of checkpoints.
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
   * Start of the hour (UTC) in which the requests completed.
   * @example 2026-11-23T10:00:00.000Z
   */
  bucket_start!: string;

  /**
   * End of the hour.
   * @example 2026-11-23T11:00:00.000Z
   */
  bucket_end!: string;

  /**
   * Base model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  base_model!: string;

  /**
   * Id of the API key; null if no keys are configured.
   * @example key_0123456789abcdef
   */
  user_id!: string | null;

  /**
   * The session; null for requests of other clients.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  session_id!: string | null;

  /**
   * Current project of the session.
   * @example project-1
   */
  project_id!: string | null;

  /**
   * The training run, sampling session, checkpoint or base model that was used.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  model_id!: string;

  /**
   * Kind of operation, as in GET /futures.
   * @example forward_backward
   */
  kind!: string;

  /**
   * Number of completed requests.
   * @example 10
   */
  requests!: number;

  /**
   * Total running time of the requests in seconds.
   * @example 12.5
   */
  running_seconds!: number;

  /** Amount and type of usage; depends on `type`. */
  @ApiProperty({
    oneOf: INFO.map((model) => ({ $ref: getSchemaPath(model) })),
    example: { type: 'training', token_count: 4096 },
  })
  event_info!: UsageInfo;
}

export class UsageSessionDto {
  /** Metadata of the client; all values as strings. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, nullable: true, example: {} })
  user_metadata!: Record<string, string> | null;
}

export class UsageDto {
  /** Usage by hour, highest token count first; there are no prices. */
  @ApiProperty({ type: [UsageEventDto] })
  data!: UsageEventDto[];

  /** Sessions referenced in `data`, by id. */
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
   * Id of the key; null if no keys are configured.
   * @example key_0123456789abcdef
   */
  org_user_urn!: string | null;

  /**
   * Number of checkpoints.
   * @example 3
   */
  checkpoint_count!: number;

  /**
   * Size of the files in bytes.
   * @example 4800000
   */
  size_bytes!: number;

  /**
   * Size in units of 10^9 bytes.
   * @example 0.0048
   */
  size_gigabytes!: number;
}

export class StorageDto {
  /** Usage by project; there are no prices. */
  @ApiProperty({ type: [StorageItemDto] })
  data!: StorageItemDto[];
}
