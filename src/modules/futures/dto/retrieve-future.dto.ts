import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

export const DEFAULT_WAIT_MS = 20_000;
export const MAX_WAIT_MS = 60_000;

export class RetrieveFutureDto {
  /**
   * The request_id returned for the request.
   * @example "future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"
   */
  @IsString()
  @MaxLength(200)
  request_id!: string;

  /**
   * Maximum time to wait until the request is settled, in milliseconds; 0 returns immediately.
   * @example 20000
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_WAIT_MS)
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
   * The adapter or base model.
   * @example "my-model"
   */
  model_id!: string;

  /**
   * 'pending' = waiting for its adapter's earlier requests or a worker, 'running' = being computed.
   * @example "pending"
   */
  status!: 'pending' | 'running';

  /**
   * Number of requests ahead of it; 0 if it is running.
   * @example 2
   */
  queue_position!: number;

  /**
   * 'active' = requests are being processed; 'paused_capacity' = they are, but very many are pending; 'no_worker' = no
   * worker is alive; 'paused' = the operator has paused the queue.
   * @example "active"
   */
  queue_state!: 'active' | 'paused_capacity' | 'no_worker' | 'paused';

  /**
   * Time of acceptance.
   * @example "2026-11-23T10:15:30.000Z"
   */
  created_at!: string;
}
