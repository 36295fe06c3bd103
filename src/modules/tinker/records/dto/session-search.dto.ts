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
  /** `own` and `accessible` are equivalent: a key can only see its own sessions. */
  @ApiProperty({ enum: OWNERS, default: 'own', example: 'own' })
  @IsIn(OWNERS)
  type!: (typeof OWNERS)[number];

  /** Owners, for type `user`. */
  @ApiProperty({ type: [String], example: ['key_0123456789abcdef'] })
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  owner_urns?: string[];
}

@AcceptsUnknownFields()
export class SessionStatusQueryDto {
  /** Status; on this server, no session is `cancelled` or `failed`. */
  @ApiProperty({ enum: STATES, example: 'client_finished' })
  @IsIn(STATES)
  type!: (typeof STATES)[number];

  /** For `client_finished`: reasons, one of which must match. Default: any. */
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
   * Creation time of the last session of the page.
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
  /** Id of the session. Together with display_name, sessions that match either are found. */
  @ApiProperty({ example: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @IsOptional()
  @IsString()
  @IsStorable()
  session_id?: string;

  /** Projects, one of which must match. */
  @ApiProperty({ type: [String], example: ['project-1'] })
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  @IsStorable()
  project_ids?: string[];

  /** Metadata values, all of which must match. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { experiment: 'one' } })
  @IsOptional()
  @IsObject()
  @IsStorable()
  user_metadata?: Record<string, unknown>;

  /** Words that the name must contain, case-insensitive. */
  @ApiProperty({ minLength: 1, example: 'nightly' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @IsStorable()
  display_name?: string;

  /** Owner of the sessions. */
  @ApiProperty({ type: SearchOwnerDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => SearchOwnerDto)
  owner?: SearchOwnerDto;

  /** Statuses, one of which must match. */
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

  /** next_cursor of the previous page. */
  @ApiProperty({ type: SessionCursorDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => SessionCursorDto)
  cursor?: SessionCursorDto;
}

export class SessionFinishReasonDto {
  /** The reason that the client gave. */
  @ApiProperty({ enum: FINISH_REASONS, example: 'success' })
  type!: string;
}

export class SessionStatusDto {
  /** Status; `active` means that the session receives heartbeats. */
  @ApiProperty({ enum: ['active', 'client_finished'], example: 'client_finished' })
  type!: string;

  /** For `client_finished`: how the work ended. */
  @ApiProperty({ type: SessionFinishReasonDto, required: false })
  reason?: SessionFinishReasonDto;

  /** For `client_finished`: details in the client's own words. */
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
   * Start time.
   * @example 2026-11-23T10:15:30.000Z
   */
  created_at!: string;

  /**
   * Id of the owner's key; "local" if no keys are configured.
   * @example local
   */
  owner!: string;

  /**
   * Project; empty = none.
   * @example project-1
   */
  project_id!: string;

  /** Status; null if the heartbeats stopped or the client finished it without a reason. */
  @ApiProperty({ type: SessionStatusDto, nullable: true })
  status!: SessionStatusDto | null;

  /**
   * Number of checkpoints, including those of sampling sessions.
   * @example 3
   */
  checkpoints_count!: number;

  /** Human-readable name. */
  @ApiProperty({ type: String, nullable: true, example: 'nightly' })
  display_name!: string | null;

  /** Metadata of the client; all values as strings. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, nullable: true, example: {} })
  user_metadata!: Record<string, string> | null;

  /**
   * Total size of these checkpoints in bytes.
   * @example 7340032
   */
  checkpoint_storage_bytes!: number;
}

export class SessionPageDto {
  /** Newest first. */
  @ApiProperty({ type: [SessionSummaryDto] })
  sessions!: SessionSummaryDto[];

  /** Cursor of the next page; null on the last page. */
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
