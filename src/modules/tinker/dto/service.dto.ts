import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsArray, IsIn, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { AcceptsUnknownFields } from '../../../common/http/validation/accepts-unknown-fields.js';
import { IsStorable } from '../../../common/http/validation/is-storable.js';
import { FINISH_REASONS, type FinishReason } from '../../sessions/index.js';

/** Described, not read: the answer is the same for everybody. */
export class ClientVersionDto {
  /**
   * Version of the client.
   * @example "0.25.0"
   */
  sdk_version?: string;
}

/** What the SDK may do against this server; it has a default for every field. */
export class ClientConfigDto {
  /**
   * Whether API keys are exchanged for tokens.
   * @example false
   */
  pjwt_auth_enabled!: boolean;

  /**
   * Whether the SDK sends the chunks of one call at the same time.
   * @example false
   */
  parallel_fwdbwd_chunks!: boolean;

  /**
   * Whether training requests may be compressed with zstd.
   * @example false
   */
  proto_compress_fwdbwd!: boolean;

  /**
   * Whether older SDKs also send training requests as protobuf.
   * @example false
   */
  proto_write_fwdbwd!: boolean;

  /**
   * Whether a model may be created by loading a checkpoint.
   * @example false
   */
  create_model_via_load_weights!: boolean;

  /**
   * Whether the SDK uses pyqwest; false = httpx.
   * @example false
   */
  use_pyqwest_transport!: boolean;

  /**
   * Whether newer SDKs poll for all samples of a sampling session at once (retrieve_futures).
   * @example true
   */
  sample_use_retrieve_futures!: boolean;
}

export class DynamicConfigDto {
  /**
   * Seconds between two requests of the SDK for these settings.
   * @example 300
   */
  refresh_interval_sec!: number;

  /**
   * Whether the SDK cancels samples that it no longer needs.
   * @example true
   */
  sample_cancel_enabled!: boolean;
}

/** Described, not read. */
export class TelemetryBatchDto {
  /** Events of the client. */
  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true }, example: [] })
  events?: object[];

  /**
   * Operating system of the client.
   * @example linux
   */
  platform?: string;

  /**
   * Version of the client.
   * @example "0.25.0"
   */
  sdk_version?: string;

  /**
   * The session of the events.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  session_id?: string;
}

export class TelemetryDto {
  /**
   * Always accepted; events are discarded, because they may contain request headers and therefore keys.
   * @example accepted
   */
  status!: string;
}

export class TinkerHealthDto {
  /**
   * The process is alive.
   * @example ok
   */
  status!: string;
}

export class TinkerBaseModelDto {
  /**
   * Name for create_model and create_sampling_session.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  model_name!: string;

  /**
   * Context length in tokens.
   * @example 8192
   */
  max_context_length!: number;

  /**
   * Whether models can be trained on it.
   * @example true
   */
  trainable!: boolean;

  /**
   * Whether it can be sampled from.
   * @example true
   */
  sampleable!: boolean;
}

export class ServerCapabilitiesDto {
  /** Base models of this server. */
  @ApiProperty({ type: [TinkerBaseModelDto] })
  supported_models!: TinkerBaseModelDto[];
}

@AcceptsUnknownFields()
export class CreateSessionDto {
  /** Arbitrary tags. */
  @ApiProperty({ type: [String], example: ['experiment-1'] })
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  @IsStorable()
  tags?: string[];

  /** Arbitrary metadata of the client. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  @IsOptional()
  @IsObject()
  @IsStorable()
  user_metadata?: Record<string, unknown>;

  /** Version of the client. */
  @ApiProperty({ example: '0.25.0' })
  @IsOptional()
  @IsString()
  @IsStorable()
  sdk_version?: string;

  /** Project it belongs to: a name for grouping runs, sessions and usage. */
  @ApiProperty({ example: 'project-1' })
  @IsOptional()
  @IsString()
  @IsStorable()
  project_id?: string;

  /** A human-readable name, which need not be unique. POST /api/v1/sessions/search finds it. */
  @ApiProperty({ example: 'nightly' })
  @IsOptional()
  @IsString()
  @IsStorable()
  display_name?: string;
}

export class SessionCreatedDto {
  /**
   * Id of the session, to send with every heartbeat.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  session_id!: string;
}

@AcceptsUnknownFields()
export class SessionIdDto {
  /**
   * The session.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsString()
  session_id!: string;
}

export class HeartbeatDto {
  /**
   * Always.
   * @example session_heartbeat
   */
  type!: string;
}

@AcceptsUnknownFields()
export class FinishReasonDto {
  /** How the client's work ended. */
  @ApiProperty({ enum: FINISH_REASONS, example: 'success' })
  @IsIn(FINISH_REASONS)
  type!: FinishReason;
}

@AcceptsUnknownFields()
export class FinishSessionDto {
  /** Why the session ends. */
  @ApiProperty({ type: FinishReasonDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => FinishReasonDto)
  reason?: FinishReasonDto;

  /** Details in the client's own words. */
  @ApiProperty({ example: 'training complete' })
  @IsOptional()
  @IsString()
  @IsStorable()
  detail?: string;
}
