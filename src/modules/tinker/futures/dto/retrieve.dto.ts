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
   * The id that the request was answered with.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsString()
  @MaxLength(200)
  request_id!: string;

  /**
   * Whether a large result may answer its size alone; ask again without this to get it.
   * @example false
   */
  @IsOptional()
  @IsBoolean()
  allow_metadata_only?: boolean;
}

/** Not settled yet: ask again at once. */
export class TinkerPendingDto {
  /**
   * What this is.
   * @example try_again
   */
  type!: string;

  /**
   * Id of the request.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  request_id!: string;

  /**
   * 'active': it runs or its turn comes; 'paused_capacity': no worker is there, or very many requests wait.
   * @example active
   */
  queue_state!: 'active' | 'paused_capacity';

  /**
   * Why it waits.
   * @example "2 requests run before it"
   */
  queue_state_reason!: string;
}

/** The result is there and is large. */
export class TinkerMetadataDto {
  /**
   * What this is.
   * @example complete_metadata
   */
  status!: string;

  /**
   * Bytes of the result as it would be answered.
   * @example 4194304
   */
  response_payload_size!: number;
}

@AcceptsUnknownFields()
export class CancelDto {
  /**
   * The id that the request was answered with.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsString()
  @MaxLength(200)
  request_id!: string;
}

@AcceptsUnknownFields()
export class CompletionsTargetDto {
  /** The only kind of target there is. */
  @ApiProperty({ enum: ['sampling_session'], example: 'sampling_session' })
  @IsOptional()
  @IsIn(['sampling_session'])
  type?: 'sampling_session';

  /** The sampling session. */
  @ApiProperty({ example: 'sampler_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @IsString()
  @MaxLength(200)
  sampling_session_id!: string;

  /** Which copy of the client: its requests are numbered from this times 10^9 on. */
  @ApiProperty({ default: 0, minimum: 0, example: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000_000)
  cloned_sampler_id?: number;
}

@AcceptsUnknownFields()
export class RetrieveManyDto {
  /** Whose requests. */
  @ApiProperty({ type: CompletionsTargetDto })
  @IsObject()
  @ValidateNested()
  @Type(() => CompletionsTargetDto)
  target!: CompletionsTargetDto;

  /** `cursor` of the answer before; 0 from the beginning. */
  @ApiProperty({ default: 0, minimum: 0, example: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  prev_cursor?: number;

  /** Longest wait in seconds; 0 answers at once. */
  @ApiProperty({ default: 30, minimum: 0, example: 30 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  timeout?: number | null;
}

export class CompletionDto {
  /** Whether it has a result. */
  @ApiProperty({ enum: ['finished', 'failed'], example: 'finished' })
  state!: 'finished' | 'failed';

  /**
   * Id of the request.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  request_id!: string;

  /**
   * About how many bytes its result has; null when it failed.
   * @example 2048
   */
  response_payload_uncompressed_size!: number | null;
}

export class CompletionsDto {
  /** In the order in which they were settled. */
  @ApiProperty({ type: [CompletionDto] })
  completions!: CompletionDto[];

  /**
   * Send it as `prev_cursor` with the next poll.
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
