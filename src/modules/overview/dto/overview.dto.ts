import { ApiProperty } from '@nestjs/swagger';
import { type OperationKind } from '../../../domain/operation.js';
import { OverviewWorkerDto } from './overview-worker.dto.js';

export class OverviewKindDto {
  /**
   * Kind of operation.
   * @example forward_backward
   */
  kind!: OperationKind;

  /**
   * Number of pending operations.
   * @example 4
   */
  pending!: number;

  /**
   * Number of running operations.
   * @example 1
   */
  running!: number;
}

export class OpenOperationDto {
  /**
   * Id of the request.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  request_id!: string;

  /**
   * The adapter or base model.
   * @example my-model
   */
  model_id!: string;

  /**
   * Kind of operation.
   * @example forward_backward
   */
  kind!: OperationKind;

  /**
   * Seconds since it was accepted, or since it started.
   * @example 0.8
   */
  seconds!: number;
}

export class WaitingOperationDto extends OpenOperationDto {
  /**
   * Why it is not running yet.
   * @example "runs after 3 operations that were sent to its adapter before"
   */
  reason!: string;
}

export class OverviewQueueDto {
  /** Why no operation starts at the moment: no worker is alive, or an operator has paused the queue; null otherwise. */
  @ApiProperty({ type: String, nullable: true, example: null })
  standstill!: string | null;

  /**
   * Number of pending operations.
   * @example 4
   */
  pending!: number;

  /**
   * Number of running operations.
   * @example 1
   */
  running!: number;

  /** Seconds that the oldest pending operation has waited; null if there is none. */
  @ApiProperty({ type: Number, nullable: true, example: 1.7 })
  oldest_pending_s!: number | null;

  /** The same by kind. */
  @ApiProperty({ type: [OverviewKindDto] })
  by_kind!: OverviewKindDto[];

  /** The oldest pending operations, at most eight. */
  @ApiProperty({ type: [WaitingOperationDto] })
  waiting!: WaitingOperationDto[];

  /** The oldest running operations, at most eight. */
  @ApiProperty({ type: [OpenOperationDto] })
  in_progress!: OpenOperationDto[];

  /**
   * Completed or failed within the last 60 seconds.
   * @example 42
   */
  settled_last_minute!: number;

  /**
   * Failed within the last 60 seconds.
   * @example 0
   */
  failed_last_minute!: number;
}

export class OverviewRatesDto {
  /**
   * Tokens trained per second.
   * @example 1200.5
   */
  trained_tokens_per_s!: number;

  /**
   * Tokens sampled per second.
   * @example 85.2
   */
  sampled_tokens_per_s!: number;

  /**
   * Tokens of prompts per second.
   * @example 310
   */
  prompt_tokens_per_s!: number;
}

export class OverviewAdaptersDto {
  /**
   * Total number of adapters.
   * @example 12
   */
  total!: number;

  /**
   * Adapters that are in a worker's memory.
   * @example 3
   */
  resident!: number;

  /**
   * Adapters whose state a replay of the log did not reproduce.
   * @example 0
   */
  diverged!: number;
}

export class OverviewMemoryDto {
  /**
   * Memory of the API process that responds, in MB; with ROLE=all, including its worker.
   * @example 812
   */
  process_mb!: number;

  /**
   * Free memory of its machine, in MB.
   * @example 9210
   */
  free_mb!: number;

  /**
   * Memory of its machine, in MB.
   * @example 16008
   */
  total_mb!: number;

  /** Free space where checkpoints are stored, in MB; null if the store does not report it. */
  @ApiProperty({ type: 'integer', nullable: true, example: 51200 })
  disk_free_mb!: number | null;

  /**
   * Whether checkpoints can be written.
   * @example true
   */
  disk_writable!: boolean;
}

export class OverviewDto {
  /**
   * Time at which these values were read.
   * @example 2026-11-23T10:15:30.000Z
   */
  at!: string;

  /**
   * Whose operations and adapters are counted: `all` for operators, `own` for other keys.
   * @example own
   */
  scope!: 'all' | 'own';

  /** Workers that are alive. */
  @ApiProperty({ type: [OverviewWorkerDto] })
  workers!: OverviewWorkerDto[];

  /** Pending and running operations. */
  @ApiProperty({ type: OverviewQueueDto })
  queue!: OverviewQueueDto;

  /** Averages over at most the last 30 seconds; null in the first response of a process. */
  @ApiProperty({ type: OverviewRatesDto, nullable: true })
  rates!: OverviewRatesDto | null;

  /** Counts of adapters. */
  @ApiProperty({ type: OverviewAdaptersDto })
  adapters!: OverviewAdaptersDto;

  /** Memory and disk. */
  @ApiProperty({ type: OverviewMemoryDto })
  memory!: OverviewMemoryDto;
}
