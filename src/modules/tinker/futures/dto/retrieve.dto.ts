import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { type SettledSample } from '../../../futures/index.js';

@AcceptsUnknownFields()
export class TinkerRetrieveDto {
  /**
   * The request_id returned for the request.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsString()
  @MaxLength(200)
  request_id!: string;

  /**
   * Whether only the size of a large result may be returned; poll again without it to get the result.
   * @example false
   */
  @IsOptional()
  @IsBoolean()
  allow_metadata_only?: boolean;
}

/** Not settled yet: ask again at once. */
export class TinkerPendingDto {
  /**
   * Type of the response.
   * @example try_again
   */
  type!: string;

  /**
   * Id of the request.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  request_id!: string;

  /**
   * 'active' = running or queued; 'paused_capacity' = no worker is running, the operator has paused the queue, or very many
   * requests are pending; 'paused_rate_limit' = it is queued, but a limit of the key is reached and new ones are refused.
   * @example active
   */
  queue_state!: 'active' | 'paused_capacity' | 'paused_rate_limit';

  /**
   * Reason for the state.
   * @example "2 requests run before it"
   */
  queue_state_reason!: string;
}

/** The result is there and is large. */
export class TinkerMetadataDto {
  /**
   * Type of the response.
   * @example complete_metadata
   */
  status!: string;

  /**
   * Size of the result in bytes.
   * @example 4194304
   */
  response_payload_size!: number;
}

@AcceptsUnknownFields()
export class CancelDto {
  /**
   * The request_id returned for the request.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsString()
  @MaxLength(200)
  request_id!: string;
}

@AcceptsUnknownFields()
export class CompletionsTargetDto {
  /** Type of the target; the only one that exists. */
  @ApiProperty({ enum: ['sampling_session'], example: 'sampling_session' })
  @IsOptional()
  @IsIn(['sampling_session'])
  type?: 'sampling_session';

  /** The sampling session. */
  @ApiProperty({ example: 'sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @IsString()
  @MaxLength(200)
  sampling_session_id!: string;

  /** Copy of the client; its requests are numbered from this value times 10^9. */
  @ApiProperty({ default: 0, minimum: 0, example: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000_000)
  cloned_sampler_id?: number;
}

@AcceptsUnknownFields()
export class RetrieveManyDto {
  /** The sampling session to poll. */
  @ApiProperty({ type: CompletionsTargetDto })
  @IsObject()
  @ValidateNested()
  @Type(() => CompletionsTargetDto)
  target!: CompletionsTargetDto;

  /** `cursor` of the previous response; 0 = from the start. */
  @ApiProperty({ default: 0, minimum: 0, example: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  prev_cursor?: number;

  /** Maximum wait in seconds; 0 returns immediately. */
  @ApiProperty({ default: 30, minimum: 0, example: 30 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  timeout?: number | null;
}

export class CompletionDto {
  /** Whether the request succeeded. */
  @ApiProperty({ enum: ['finished', 'failed'], example: 'finished' })
  state!: 'finished' | 'failed';

  /**
   * Id of the request.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  request_id!: string;

  /**
   * Approximate size of the result in bytes; null if the request failed.
   * @example 2048
   */
  response_payload_uncompressed_size!: number | null;
}

export class CompletionsDto {
  /** Settled requests, in the order in which they were settled. */
  @ApiProperty({ type: [CompletionDto] })
  completions!: CompletionDto[];

  /**
   * Pass it as `prev_cursor` to the next poll.
   * @example 12
   */
  cursor!: number;
}

export function toCompletionDto({ requestId, failed, bytes }: SettledSample): CompletionDto {
  return {
    state: failed ? 'failed' : 'finished',
    request_id: requestId,
    response_payload_uncompressed_size: bytes,
  };
}
