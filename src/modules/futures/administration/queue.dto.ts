import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { IsStorable } from '../../../common/http/validation/is-storable.js';
import { type OperationKind } from '../../../domain/operation.js';

export class PauseQueueDto {
  /** The reason, which is shown to waiting clients. */
  @ApiPropertyOptional({ type: String, nullable: true, example: 'new disks, back at 14:00 UTC' })
  @IsOptional()
  @IsString()
  @IsStorable()
  @MaxLength(300)
  reason?: string | null;
}

export class QueueKindDto {
  /**
   * Kind of operation.
   * @example forward_backward
   */
  kind!: OperationKind;

  /**
   * Number of its pending operations.
   * @example 12
   */
  pending!: number;

  /**
   * Number of its running operations.
   * @example 2
   */
  running!: number;

  /**
   * Seconds since the oldest of them was accepted.
   * @example 3.5
   */
  oldest_s!: number;
}

export class QueueDto {
  /**
   * Whether an operator has paused it: requests are accepted but not started.
   * @example false
   */
  paused!: boolean;

  /** Since when it is paused; null if it is not. */
  @ApiProperty({ type: String, nullable: true, example: null })
  paused_since!: string | null;

  /** Id of the key that paused it; empty on a server without keys, null if it is not paused. */
  @ApiProperty({ type: String, nullable: true, example: null })
  paused_by!: string | null;

  /** Why it is paused, if the operator said so. */
  @ApiProperty({ type: String, nullable: true, example: null })
  reason!: string | null;

  /**
   * Number of pending operations.
   * @example 12
   */
  pending!: number;

  /**
   * Number of running operations.
   * @example 2
   */
  running!: number;

  /** The same by kind; kinds without operations are left out. */
  @ApiProperty({ type: [QueueKindDto] })
  kinds!: QueueKindDto[];
}
