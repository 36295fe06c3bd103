import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

export const DEFAULT_WAIT_MS = 20_000;
export const LONGEST_WAIT_MS = 60_000;

export class RetrieveFutureDto {
  /**
   * The id that the request was answered with.
   * @example "future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"
   */
  @IsString()
  @MaxLength(200)
  request_id!: string;

  /**
   * How long to hold the answer while the request is not settled, in milliseconds; 0 answers at once.
   * @example 20000
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(LONGEST_WAIT_MS)
  wait_ms?: number = DEFAULT_WAIT_MS;
}

/** A request that is not settled yet: ask again. */
export class PendingFutureDto {
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
   * 'pending' waits in the line of its adapter, 'running' is being computed.
   * @example "pending"
   */
  status!: 'pending' | 'running';

  /**
   * Requests that run before it; 0 when it is running.
   * @example 2
   */
  queue_position!: number;

  /**
   * 'active' = the line moves; 'paused_capacity' = it does, but very many requests wait; 'no_worker' = no compute worker
   * is alive.
   * @example "active"
   */
  queue_state!: 'active' | 'paused_capacity' | 'no_worker';

  /**
   * When it was accepted.
   * @example "2026-11-23T10:15:30.000Z"
   */
  created_at!: string;
}
