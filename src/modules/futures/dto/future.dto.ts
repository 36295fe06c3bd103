import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import {
  OPERATION_KINDS,
  OPERATION_STATUSES,
  type OperationKind,
  type OperationStatus,
} from '../../../domain/operation.js';
import { type FutureSummary } from '../repositories/future.repository.js';

export const DEFAULT_FUTURES_LIMIT = 50;

export class ListFuturesDto {
  /**
   * Only requests in this state.
   * @example "completed"
   */
  @IsOptional()
  @IsIn(OPERATION_STATUSES)
  status?: OperationStatus;

  /**
   * Only requests of this kind.
   * @example "forward_backward"
   */
  @IsOptional()
  @IsIn(OPERATION_KINDS)
  kind?: OperationKind;

  /**
   * Only requests for this adapter or base model.
   * @example "my-model"
   */
  @IsOptional()
  @IsString()
  @MaxLength(500)
  @Matches(/^[ -~\u00a0-\uffff]*$/, { message: 'model_id must have no control characters' })
  model_id?: string;

  /**
   * Requests per page.
   * @example 50
   */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number = DEFAULT_FUTURES_LIMIT;

  /**
   * `next_cursor` of the page before this one.
   * @example 1042
   */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
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
   * Who can mend it: 'user', 'server' or 'unknown'.
   * @example "user"
   */
  category!: string;

  /**
   * What is wrong and what to do.
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
   * The adapter or base model it is for.
   * @example "my-model"
   */
  model_id!: string;

  /**
   * The base model underneath.
   * @example "HuggingFaceTB/SmolLM2-135M-Instruct"
   */
  base_model!: string;

  /**
   * What it does.
   * @example "forward_backward"
   */
  kind!: OperationKind;

  /**
   * Where it stands.
   * @example "completed"
   */
  status!: OperationStatus;

  /**
   * Place in the log: requests of one adapter run in this order.
   * @example 1043
   */
  position!: number;

  /**
   * The client's own number of the request.
   * @example 7
   */
  seq_id!: number | null;

  /**
   * How often a worker has taken it; some of them hand it back before it runs.
   * @example 1
   */
  attempts!: number;

  /**
   * The worker that runs it or has run it.
   * @example "worker_01JD8Z5R0N8M1T3S6Y9K2H4B7A"
   */
  worker_id!: string | null;

  /** Why it failed; null when it did not. */
  error!: FutureErrorDto | null;

  /**
   * When it was accepted.
   * @example "2026-11-23T10:15:30.000Z"
   */
  created_at!: string;

  /**
   * When it began to run, the last time; null while it waits for that, in the line or for its turn to run alone.
   * @example "2026-11-23T10:15:30.100Z"
   */
  started_at!: string | null;

  /**
   * When it was settled.
   * @example "2026-11-23T10:15:30.900Z"
   */
  finished_at!: string | null;
}

export class FutureListDto {
  /** Newest first. */
  futures!: FutureDto[];

  /**
   * Give it as `cursor` to get the next page; null on the last one.
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
