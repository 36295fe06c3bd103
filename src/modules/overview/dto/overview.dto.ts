import { ApiProperty } from '@nestjs/swagger';
import { type OperationKind } from '../../../domain/operation.js';

export class OverviewWorkerDto {
  /**
   * Id of the worker, new at every start of its process.
   * @example worker_01JD8Z5R0N8M1T3S6Y9K2H4B7A
   */
  id!: string;

  /** Name of its machine; null for keys that are not operators. */
  @ApiProperty({ type: String, nullable: true, example: 'gpu-1' })
  hostname!: string | null;

  /**
   * What runs the models.
   * @example onnxruntime
   */
  engine!: string;

  /**
   * Where it runs them.
   * @example cpu
   */
  device!: string;

  /**
   * Processes of the engine.
   * @example 1
   */
  ranks!: number;

  /** Names of its base models. */
  @ApiProperty({ type: [String], example: ['HuggingFaceTB/SmolLM2-135M-Instruct'] })
  base_models!: string[];

  /**
   * Adapters that it holds in memory; null for keys that are not operators.
   */
  @ApiProperty({ type: 'integer', nullable: true, example: 3 })
  adapters!: number | null;

  /**
   * Whether an operator takes it out of service: it starts nothing more.
   * @example false
   */
  draining!: boolean;

  /**
   * When its process started.
   * @example 2026-11-23T10:00:00.000Z
   */
  started_at!: string;
}

export class OverviewKindDto {
  /**
   * Kind of operation.
   * @example forward_backward
   */
  kind!: OperationKind;

  /**
   * How many wait.
   * @example 4
   */
  pending!: number;

  /**
   * How many run.
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
   * Seconds since it was accepted, or since it runs.
   * @example 0.8
   */
  seconds!: number;
}

export class WaitingOperationDto extends OpenOperationDto {
  /**
   * Why it does not run yet.
   * @example "runs after 3 operations that were sent to its adapter before"
   */
  reason!: string;
}

export class OverviewQueueDto {
  /** Why no operation starts at the moment: no worker, or by order of the operator; null while they do. */
  @ApiProperty({ type: String, nullable: true, example: null })
  standstill!: string | null;

  /**
   * Operations that wait.
   * @example 4
   */
  pending!: number;

  /**
   * Operations that run.
   * @example 1
   */
  running!: number;

  /** How long the oldest of those that wait has done so; null when none does. */
  @ApiProperty({ type: Number, nullable: true, example: 1.7 })
  oldest_pending_s!: number | null;

  /** The same by kind. */
  @ApiProperty({ type: [OverviewKindDto] })
  by_kind!: OverviewKindDto[];

  /** The oldest that wait, at most eight. */
  @ApiProperty({ type: [WaitingOperationDto] })
  waiting!: WaitingOperationDto[];

  /** The oldest that run, at most eight. */
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
   * Adapters in all.
   * @example 12
   */
  total!: number;

  /**
   * Those that a worker holds in memory.
   * @example 3
   */
  resident!: number;

  /**
   * Those whose state a repeat of the log did not give again.
   * @example 0
   */
  diverged!: number;
}

export class OverviewMemoryDto {
  /**
   * Memory of the API process that answers, in MB; with ROLE=all that of its worker as well.
   * @example 812
   */
  process_mb!: number;

  /**
   * Memory of its machine that is free, in MB.
   * @example 9210
   */
  free_mb!: number;

  /**
   * Memory of its machine, in MB.
   * @example 16008
   */
  total_mb!: number;

  /** What is free where checkpoints are stored, in MB; null where the store does not tell. */
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
   * When it was read.
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

  /** What waits and runs. */
  @ApiProperty({ type: OverviewQueueDto })
  queue!: OverviewQueueDto;

  /** Means over the last 30 seconds at most; null when this process has begun to look only now. */
  @ApiProperty({ type: OverviewRatesDto, nullable: true })
  rates!: OverviewRatesDto | null;

  /** Counts of adapters. */
  @ApiProperty({ type: OverviewAdaptersDto })
  adapters!: OverviewAdaptersDto;

  /** Memory and disk. */
  @ApiProperty({ type: OverviewMemoryDto })
  memory!: OverviewMemoryDto;
}
