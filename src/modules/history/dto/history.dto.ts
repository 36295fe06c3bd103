import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { PageSize, PositionCursor } from '../../../common/pages/page.decorators.js';
import { type OperationKind } from '../../../domain/operation.js';
import { AdapterCreatedDto } from '../../adapters/index.js';

export const DEFAULT_HISTORY_LIMIT = 50;

export class ListHistoryDto {
  /**
   * Entries per page.
   * @example 50
   */
  @PageSize()
  limit?: number = DEFAULT_HISTORY_LIMIT;

  /**
   * `next_cursor` of the previous page.
   * @example 1042
   */
  @PositionCursor()
  cursor?: number;
}

/** A request that changed the adapter. */
export class HistoryEntryDto {
  /**
   * Id of the request, for POST /adapters/{model_id}/rewind and /fork.
   * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  request_id!: string;

  /**
   * Kind of operation.
   * @example optim_step
   */
  kind!: OperationKind;

  /**
   * Optimiser steps of the adapter after the operation; null for kinds that do not change them.
   * @example 12
   */
  step!: number | null;

  /** Whether it is in effect; false if a later rewind has undone it. */
  @ApiProperty({ example: true })
  current!: boolean;

  /**
   * The loss of a forward_backward, `name@version` for a formula loss; null for other kinds and for requests of earlier
   * server versions.
   * @example my_dpo@3
   */
  loss_fn!: string | null;

  /**
   * Loss and metrics, if any.
   * @example {"step": 12, "grad_norm": 0.83}
   */
  metrics!: Record<string, unknown> | null;

  /**
   * Digest of weights, optimiser moments and step after the operation; null for kinds that do not change them.
   * @example xxh64:8f3c0e1d2b7a6954
   */
  digest!: string | null;

  /**
   * Error code of an optim_step that was refused and dropped the gradients; null otherwise.
   * @example non_finite_update
   */
  error_code!: string | null;

  /**
   * Time of acceptance.
   * @example 2026-11-23T10:15:30.000Z
   */
  created_at!: string;

  /**
   * Start time.
   * @example 2026-11-23T10:15:30.100Z
   */
  started_at!: string | null;

  /**
   * Time of completion.
   * @example 2026-11-23T10:15:30.900Z
   */
  finished_at!: string;
}

export class HistoryDto {
  /** Newest first. */
  @ApiProperty({ type: [HistoryEntryDto] })
  entries!: HistoryEntryDto[];

  /**
   * Pass it as `cursor` to get the next page; null on the last page.
   * @example 1042
   */
  next_cursor!: number | null;
}

/** A point in the history of an adapter. */
export class HistoryPointDto {
  /** Number of optimiser steps; 0 = the initial state. */
  @ApiProperty({ minimum: 0, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  step?: number;

  /** Alternative to step: a completed request of the history, which may have been undone. */
  @ApiProperty({ example: 'future_01JD3V7QG4T0M5X2W8Z9K6N1RB' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  request_id?: string;
}

export class RewindDto extends HistoryPointDto {
  /** Your number of this request; a repeat with the same number returns the same future. */
  @ApiProperty({ minimum: 0, example: 4 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq_id?: number;
}

export class RewindAcceptedDto {
  /**
   * Future of the rewind; its result contains step, digest and has_gradients.
   * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RC
   */
  request_id!: string;

  /**
   * Name of the adapter.
   * @example my-model
   */
  model_id!: string;

  /**
   * The adapter returns to its state after this request.
   * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  target_request_id!: string;
}

export class ForkDto extends HistoryPointDto {
  /** Name of the new adapter. Default: generated. */
  @ApiProperty({ example: 'my-fork' })
  @IsOptional()
  @IsString()
  model_id?: string;
}

export class ForkedDto extends AdapterCreatedDto {
  /**
   * The adapter that it was forked from.
   * @example my-model
   */
  source_model_id!: string;

  /**
   * The last request of the source that the fork includes.
   * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
   */
  source_request_id!: string;
}
