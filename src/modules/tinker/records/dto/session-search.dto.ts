import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { IsStorable } from '../../../../common/http/validation/is-storable.js';
import { FINISH_REASONS, type FinishReason, type SessionEntity, SILENT } from '../../../sessions/index.js';
import { type FoundSession, type FoundSessions } from '../session-search.js';
import { textValues } from './run.dto.js';

const OWNERS = ['own', 'accessible', 'user'] as const;
const STATES = ['active', 'cancelled', 'failed', 'client_finished'] as const;

@AcceptsUnknownFields()
export class SearchOwnerDto {
  /** `own` and `accessible` are the same here: a key sees its own sessions only. */
  @ApiProperty({ enum: OWNERS, default: 'own', example: 'own' })
  @IsIn(OWNERS)
  type!: (typeof OWNERS)[number];

  /** With `user`: whose. */
  @ApiProperty({ type: [String], example: ['key_0123456789abcdef'] })
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  owner_urns?: string[];
}

@AcceptsUnknownFields()
export class SessionStatusQueryDto {
  /** No session is `cancelled` or `failed` here. */
  @ApiProperty({ enum: STATES, example: 'client_finished' })
  @IsIn(STATES)
  type!: (typeof STATES)[number];

  /** With `client_finished`: for one of these reasons; any when left out. */
  @ApiProperty({ enum: FINISH_REASONS, isArray: true, example: ['errored'] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @IsIn(FINISH_REASONS, { each: true })
  reasons?: FinishReason[];
}

@AcceptsUnknownFields()
export class SessionCursorDto {
  /**
   * When the last session of the page was made.
   * @example 2026-11-23T10:15:30.000Z
   */
  @IsISO8601()
  last_created_at!: string;

  /**
   * The last session of the page.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsString()
  @IsStorable()
  last_session_id!: string;
}

@AcceptsUnknownFields()
export class SessionSearchDto {
  /** Exactly this session. With display_name, one that has either is found. */
  @ApiProperty({ example: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @IsOptional()
  @IsString()
  @IsStorable()
  session_id?: string;

  /** In one of these projects. */
  @ApiProperty({ type: [String], example: ['project-1'] })
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  @IsStorable()
  project_ids?: string[];

  /** With all of these values in its metadata. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { experiment: 'one' } })
  @IsOptional()
  @IsObject()
  @IsStorable()
  user_metadata?: Record<string, unknown>;

  /** With all of these words in its name, in any case. */
  @ApiProperty({ minLength: 1, example: 'nightly' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @IsStorable()
  display_name?: string;

  /** Whose. */
  @ApiProperty({ type: SearchOwnerDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => SearchOwnerDto)
  owner?: SearchOwnerDto;

  /** In one of these states. */
  @ApiProperty({ type: [SessionStatusQueryDto] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ValidateNested({ each: true })
  @Type(() => SessionStatusQueryDto)
  statuses?: SessionStatusQueryDto[];

  /** Sessions per page. */
  @ApiProperty({ default: 50, minimum: 1, maximum: 200, example: 20 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(200)
  limit?: number;

  /** next_cursor of the page before. */
  @ApiProperty({ type: SessionCursorDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => SessionCursorDto)
  cursor?: SessionCursorDto;
}

export class SessionFinishReasonDto {
  /** What the client said. */
  @ApiProperty({ enum: FINISH_REASONS, example: 'success' })
  type!: string;
}

export class SessionStatusDto {
  /** `active`: heartbeats come. */
  @ApiProperty({ enum: ['active', 'client_finished'], example: 'client_finished' })
  type!: string;

  /** With `client_finished`: how its work ended. */
  @ApiProperty({ type: SessionFinishReasonDto, required: false })
  reason?: SessionFinishReasonDto;

  /** With `client_finished`: the same in the client's own words. */
  @ApiProperty({ type: String, nullable: true, required: false, example: 'training complete' })
  detail?: string | null;
}

export class SessionSummaryDto {
  /**
   * The session.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  session_id!: string;

  /**
   * When it began.
   * @example 2026-11-23T10:15:30.000Z
   */
  created_at!: string;

  /**
   * Id of its key; "local" where no keys are configured.
   * @example local
   */
  owner!: string;

  /**
   * Its project; empty: none.
   * @example project-1
   */
  project_id!: string;

  /** Null when its heartbeats stopped, or its client ended it without a reason. */
  @ApiProperty({ type: SessionStatusDto, nullable: true })
  status!: SessionStatusDto | null;

  /**
   * How many checkpoints it has, snapshots of sampling sessions too.
   * @example 3
   */
  checkpoints_count!: number;

  /** Its name for people. */
  @ApiProperty({ type: String, nullable: true, example: 'nightly' })
  display_name!: string | null;

  /** What the client wanted to remember; all values as text. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, nullable: true, example: {} })
  user_metadata!: Record<string, string> | null;

  /**
   * What those checkpoints take.
   * @example 7340032
   */
  checkpoint_storage_bytes!: number;
}

export class SessionPageDto {
  /** Newest first. */
  @ApiProperty({ type: [SessionSummaryDto] })
  sessions!: SessionSummaryDto[];

  /** Where the next page begins; null on the last one. */
  @ApiProperty({ type: SessionCursorDto, nullable: true })
  next_cursor!: SessionCursorDto | null;
}

/** @param sizes of its checkpoints, if it has any */
export function toSessionPageDto({ sessions, hasMore }: FoundSessions): SessionPageDto {
  const page = sessions.map(toSessionSummaryDto);
  const last = hasMore ? page.at(-1) : undefined;
  return {
    sessions: page,
    next_cursor: last ? { last_created_at: last.created_at, last_session_id: last.session_id } : null,
  };
}

function toSessionSummaryDto({ session, sizes }: FoundSession): SessionSummaryDto {
  return {
    session_id: session.id,
    created_at: session.createdAt.toISOString(),
    owner: session.owner === '' ? 'local' : session.owner,
    project_id: session.projectId ?? '',
    status: toStatusDto(session),
    checkpoints_count: sizes?.count ?? 0,
    display_name: session.displayName,
    user_metadata: session.userMetadata && textValues(session.userMetadata),
    checkpoint_storage_bytes: sizes?.bytes ?? 0,
  };
}

function toStatusDto({ endedAt, finishReason, finishDetail }: SessionEntity): SessionStatusDto | null {
  if (endedAt === null) return { type: 'active' };
  if (finishReason === null || finishReason === SILENT) return null;
  return { type: 'client_finished', reason: { type: finishReason }, detail: finishDetail };
}
