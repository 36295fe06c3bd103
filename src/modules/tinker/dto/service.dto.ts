import { ApiProperty } from '@nestjs/swagger';
import { IsArray, IsObject, IsOptional, IsString } from 'class-validator';
import { AcceptsUnknownFields } from '../../../common/http/accepts-unknown-fields.js';

/** What the SDK may do against this server; it has a default for every field. */
export class ClientConfigDto {
  /**
   * Whether API keys are exchanged for tokens.
   * @example false
   */
  pjwt_auth_enabled!: boolean;

  /**
   * Whether the chunks of one call may be sent at the same time.
   * @example true
   */
  parallel_fwdbwd_chunks!: boolean;

  /**
   * Whether training requests may be compressed with zstd.
   * @example false
   */
  proto_compress_fwdbwd!: boolean;

  /**
   * Whether older SDKs send training requests as protobuf, too.
   * @example false
   */
  proto_write_fwdbwd!: boolean;

  /**
   * Whether a model may be made by loading a checkpoint.
   * @example false
   */
  create_model_via_load_weights!: boolean;

  /**
   * false: the SDK talks through httpx.
   * @example false
   */
  use_pyqwest_transport!: boolean;
}

export class DynamicConfigDto {
  /**
   * How often the SDK asks again, in seconds.
   * @example 300
   */
  refresh_interval_sec!: number;
}

export class TelemetryDto {
  /**
   * Events are answered and forgotten: they may hold request headers, and with them keys.
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

export class SupportedModelDto {
  /**
   * For create_model and create_sampling_session.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  model_name!: string;

  /**
   * Longest sequence in tokens.
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
  @ApiProperty({ type: [SupportedModelDto] })
  supported_models!: SupportedModelDto[];
}

@AcceptsUnknownFields()
export class CreateSessionDto {
  /** Free words for lists. */
  @ApiProperty({ type: [String], example: ['experiment-1'] })
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  tags?: string[];

  /** Whatever the client wants to remember. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  @IsOptional()
  @IsObject()
  user_metadata?: Record<string, unknown>;

  /** Version of the client. */
  @ApiProperty({ example: '0.25.0' })
  @IsOptional()
  @IsString()
  sdk_version?: string;

  /** Project it belongs to: kept, without further meaning here. */
  @ApiProperty({ example: 'project-1' })
  @IsOptional()
  @IsString()
  project_id?: string;
}

export class SessionCreatedDto {
  /**
   * Send it with every heartbeat.
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
