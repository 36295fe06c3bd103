import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { PageSize, PositionCursor } from '../../../common/pages/page.decorators.js';
import {
  OPERATION_KINDS,
  OPERATION_STATUSES,
  type OperationKind,
  type OperationStatus,
} from '../../../domain/operation.js';
import { type FutureSummary } from '../repositories/future.repository.js';

export const DEFAULT_FUTURES_LIMIT = 50;

export class ListFuturesDto {
  /** Only requests in this state. */
  @ApiProperty({ enum: OPERATION_STATUSES, example: 'completed' })
  @IsOptional()
  @IsIn(OPERATION_STATUSES)
  status?: OperationStatus;

  /** Only requests of this kind. */
  @ApiProperty({ enum: OPERATION_KINDS, example: 'forward_backward' })
  @IsOptional()
  @IsIn(OPERATION_KINDS)
  kind?: OperationKind;

  /** Only requests for this adapter or base model. */
  @ApiProperty({ example: 'my-model' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  @Matches(/^[ -~\u00a0-\uffff]*$/, { message: 'model_id must have no control characters' })
  model_id?: string;

  /**
   * Requests per page.
   * @example 50
   */
  @PageSize()
  limit?: number = DEFAULT_FUTURES_LIMIT;

  /**
   * `next_cursor` of the previous page.
   * @example 1042
   */
  @PositionCursor()
  cursor?: number;
}

/** The failure of a request. */
export class FutureErrorDto {
  /**
   * Stable code for programs.
   * @example "invalid_request"
   */
  code!: string;

  /**
   * Who can fix it: 'user', 'server' or 'unknown'.
   * @example "user"
   */
  category!: string;

  /**
   * The problem and the remedy.
   * @example "There are no gradients to apply: call /fwdbwd first."
   */
  message!: string;
}

/** A request as a dashboard lists it, without payload and result. */
export class FutureDto {
  /**
   * Id of the request.
   * @example "future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"
   */
  request_id!: string;

  /**
   * The adapter or base model.
   * @example "my-model"
   */
  model_id!: string;

  /**
   * Base model.
   * @example "HuggingFaceTB/SmolLM2-135M-Instruct"
   */
  base_model!: string;

  /**
   * Kind of operation.
   * @example "forward_backward"
   */
  kind!: OperationKind;

  /**
   * Status of the operation.
   * @example "completed"
   */
  status!: OperationStatus;

  /**
   * Position in the log; requests of one adapter run in this order.
   * @example 1043
   */
  position!: number;

  /**
   * The client's own number of the request.
   * @example 7
   */
  seq_id!: number | null;

  /**
   * How often a worker has claimed it; a worker may hand it back before running it.
   * @example 1
   */
  attempts!: number;

  /**
   * The worker that runs or ran it.
   * @example "worker_01JD8Z5R0N8M1T3S6Y9K2H4B7A"
   */
  worker_id!: string | null;

  /** The error, if it failed; otherwise null. */
  error!: FutureErrorDto | null;

  /**
   * Time of acceptance.
   * @example "2026-11-23T10:15:30.000Z"
   */
  created_at!: string;

  /**
   * When it last started to run; null while it is pending.
   * @example "2026-11-23T10:15:30.100Z"
   */
  started_at!: string | null;

  /**
   * Time of completion or failure.
   * @example "2026-11-23T10:15:30.900Z"
   */
  finished_at!: string | null;
}

export class OwnedFutureDto extends FutureDto {
  /**
   * Id of the key that sent the request; empty if it was sent without one.
   * @example "key_0123456789abcdef"
   */
  owner!: string;

  /**
   * Priority of the key when the request was accepted: -1 = low, 0 = normal, 1 = high.
   * @example 0
   */
  priority!: number;

  /**
   * Id of the adapter; null for requests to a base model or to sampler weights.
   * @example "adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"
   */
  adapter_id!: string | null;

  /**
   * Tinker session of the request; null if it has none.
   * @example "session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"
   */
  session_id!: string | null;
}

export class FutureListDto {
  /** Newest first. */
  futures!: FutureDto[];

  /**
   * Pass it as `cursor` to get the next page; null on the last page.
   * @example 1042
   */
  next_cursor!: number | null;
}

export function toFutureDto(row: FutureSummary): FutureDto {
  return {
    request_id: row.requestId,
    model_id: row.modelId,
    base_model: row.baseModel,
    kind: row.kind,
    status: row.status,
    position: row.position,
    seq_id: row.seqId,
    attempts: row.attempts,
    worker_id: row.workerId,
    error:
      row.error === null ? null : { code: row.error.code, category: row.error.category, message: row.error.message },
    created_at: row.createdAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    finished_at: row.finishedAt?.toISOString() ?? null,
  };
}

export function toOwnedFutureDto(row: FutureSummary): OwnedFutureDto {
  const { owner, priority, adapterId, sessionId } = row;
  return { ...toFutureDto(row), owner, priority, adapter_id: adapterId, session_id: sessionId };
}
