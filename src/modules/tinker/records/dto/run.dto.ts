import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsISO8601, IsOptional, IsString, Max, Min } from 'class-validator';
import { PageSize } from '../../../../common/pages/page.decorators.js';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { IsStorable } from '../../../../common/http/validation/is-storable.js';
import { type AdapterEntity } from '../../../adapters/index.js';
import {
  CHECKPOINT_KINDS,
  type CheckpointEntity,
  formatCheckpointPath,
  segmentOf,
} from '../../../checkpoints/index.js';

/** A page of a list. */
@AcceptsUnknownFields()
export class PageDto {
  /** Entries per page. */
  @ApiProperty({ example: 20 })
  @PageSize(1000)
  limit?: number;

  /** Entries to skip. */
  @ApiProperty({ default: 0, minimum: 0, example: 0 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(2 ** 31 - 1)
  offset?: number;

  /** Owner; a key only sees its own checkpoints. */
  @ApiProperty({ example: 'owned' })
  @IsOptional()
  @IsString()
  access_scope?: string;
}

@AcceptsUnknownFields()
export class RunPageDto extends PageDto {
  /** Only runs whose session is in this project. */
  @ApiProperty({ example: 'project-1' })
  @IsOptional()
  @IsString()
  @IsStorable()
  project_id?: string;
}

@AcceptsUnknownFields()
export class AuditQueryDto {
  /** Only events of checkpoints. */
  @ApiProperty({ enum: ['all', 'checkpoints'], default: 'all', example: 'all' })
  @IsOptional()
  @IsIn(['all', 'checkpoints'])
  event_type?: 'all' | 'checkpoints';

  /** Only this day (UTC). */
  @ApiProperty({ example: '2026-11-23' })
  @IsOptional()
  @IsISO8601()
  day?: string;
}

@AcceptsUnknownFields()
export class ProjectDto {
  /**
   * Name for grouping runs, sessions and usage.
   * @example project-1
   */
  @IsString()
  @IsStorable()
  project_id!: string;
}

export class TinkerCheckpointDto {
  /**
   * Id of the checkpoint within the training run.
   * @example weights/step-10
   */
  checkpoint_id!: string;

  /** Training checkpoint, sampler weights, or PEFT files. */
  @ApiProperty({ enum: CHECKPOINT_KINDS, example: 'training' })
  checkpoint_type!: string;

  /**
   * When it was saved.
   * @example 2026-11-23T10:15:30.000Z
   */
  time!: string;

  /**
   * Path for load_weights and create_sampling_session.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10
   */
  tinker_path!: string;

  /**
   * Size of the files in bytes.
   * @example 7340032
   */
  size_bytes!: number;

  /**
   * Whether other keys may read it.
   * @example false
   */
  public!: boolean;

  /**
   * Expiry time; null = never.
   * @example 2026-12-23T10:15:30.000Z
   */
  expires_at!: string | null;

  /** Metadata of the client. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, nullable: true, example: {} })
  user_metadata!: Record<string, string> | null;
}

export class TrainingRunDto {
  /**
   * The model's id.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  training_run_id!: string;

  /**
   * Base model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  base_model!: string;

  /**
   * Id of the owner's key; "local" if no keys are configured.
   * @example local
   */
  model_owner!: string;

  /**
   * Always.
   * @example true
   */
  is_lora!: boolean;

  /**
   * Always false; a failed request does not change a model.
   * @example false
   */
  corrupted!: boolean;

  /**
   * Rank of the adapter.
   * @example 32
   */
  lora_rank!: number;

  /**
   * Time of the last request.
   * @example 2026-11-23T10:15:30.000Z
   */
  last_request_time!: string;

  /** Newest training checkpoint. */
  @ApiProperty({ type: TinkerCheckpointDto, nullable: true })
  last_checkpoint!: TinkerCheckpointDto | null;

  /** Newest sampler checkpoint. */
  @ApiProperty({ type: TinkerCheckpointDto, nullable: true })
  last_sampler_checkpoint!: TinkerCheckpointDto | null;

  /** Metadata of the client; all values as strings. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, nullable: true, example: {} })
  user_metadata!: Record<string, string> | null;
}

export class CursorDto {
  /**
   * Entries skipped.
   * @example 0
   */
  offset!: number;

  /**
   * Entries per page.
   * @example 20
   */
  limit!: number;

  /**
   * Total number of entries.
   * @example 1
   */
  total_count!: number;
}

export class TrainingRunsDto {
  /** Newest first. */
  @ApiProperty({ type: [TrainingRunDto] })
  training_runs!: TrainingRunDto[];

  /** Location of this page. */
  @ApiProperty({ type: CursorDto })
  cursor!: CursorDto;
}

export class TinkerCheckpointsDto {
  /** Newest first. */
  @ApiProperty({ type: [TinkerCheckpointDto] })
  checkpoints!: TinkerCheckpointDto[];

  /** Location of this page; null if it contains all entries. */
  @ApiProperty({ type: CursorDto, nullable: true })
  cursor!: CursorDto | null;
}

export function toTinkerCheckpointDto(row: CheckpointEntity): TinkerCheckpointDto {
  const { kind, name, modelId } = row;
  return {
    checkpoint_id: `${segmentOf(kind)}/${name}`,
    checkpoint_type: kind,
    time: row.createdAt.toISOString(),
    tinker_path: formatCheckpointPath({ modelId, kind, name }),
    size_bytes: row.sizeBytes,
    public: row.public,
    expires_at: row.expiresAt?.toISOString() ?? null,
    user_metadata: row.userMetadata,
  };
}

/** @param newest the adapter's newest checkpoints, of each kind at most one */
export function toTrainingRunDto(adapter: AdapterEntity, newest: readonly CheckpointEntity[]): TrainingRunDto {
  const last = (kind: CheckpointEntity['kind']) =>
    newest.find((row) => row.adapterId === adapter.id && row.kind === kind);
  const [training, sampler] = [last('training'), last('sampler')];
  return {
    training_run_id: adapter.modelId,
    base_model: adapter.baseModel,
    model_owner: adapter.owner === '' ? 'local' : adapter.owner,
    is_lora: true,
    corrupted: false,
    lora_rank: adapter.rank,
    last_request_time: adapter.lastUsedAt.toISOString(),
    last_checkpoint: training ? toTinkerCheckpointDto(training) : null,
    last_sampler_checkpoint: sampler ? toTinkerCheckpointDto(sampler) : null,
    user_metadata: adapter.userMetadata && textValues(adapter.userMetadata),
  };
}

/** The SDK knows text only. */
export function textValues(metadata: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(metadata);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
