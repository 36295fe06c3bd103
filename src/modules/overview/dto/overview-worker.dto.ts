import { ApiProperty } from '@nestjs/swagger';

export class RankMemoryDto {
  /**
   * Number of the rank.
   * @example 0
   */
  rank!: number;

  /**
   * Host name of the rank's machine.
   * @example gpu-1
   */
  host!: string;

  /**
   * Resident memory of the rank's process, in MB.
   * @example 3120
   */
  process_mb!: number;

  /** GPU memory that the rank has reserved, in MB; null on a CPU. */
  @ApiProperty({ type: 'integer', nullable: true, example: 20480 })
  gpu_held_mb!: number | null;

  /** Total memory of the rank's GPU, in MB; null on a CPU. */
  @ApiProperty({ type: 'integer', nullable: true, example: 81559 })
  gpu_total_mb!: number | null;
}

export class WorkerMemoryDto {
  /**
   * Resident memory of the worker's process, in MB.
   * @example 812
   */
  process_mb!: number;

  /**
   * Free memory of the worker's machine, in MB.
   * @example 9210
   */
  free_mb!: number;

  /**
   * Total memory of the worker's machine, in MB.
   * @example 16008
   */
  total_mb!: number;

  /** Torch ranks of the worker's engine, on any machine; empty for other engines. */
  @ApiProperty({ type: [RankMemoryDto] })
  ranks!: RankMemoryDto[];
}

export class OverviewWorkerDto {
  /**
   * Id of the worker, which is new at every start of its process.
   * @example worker_01JD8Z5R0N8M1T3S6Y9K2H4B7A
   */
  id!: string;

  /** Name of its machine; null for keys that are not operators. */
  @ApiProperty({ type: String, nullable: true, example: 'gpu-1' })
  hostname!: string | null;

  /**
   * Engine that runs the models.
   * @example onnxruntime
   */
  engine!: string;

  /**
   * Device that it computes on.
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

  /** Memory as of the worker's latest heartbeat; null for keys that are not operators. */
  @ApiProperty({ type: WorkerMemoryDto, nullable: true })
  memory!: WorkerMemoryDto | null;

  /**
   * Whether an operator is draining it: it starts no more operations.
   * @example false
   */
  draining!: boolean;

  /**
   * When its process started.
   * @example 2026-11-23T10:00:00.000Z
   */
  started_at!: string;
}
