import { ApiProperty } from '@nestjs/swagger';
import { type WorkerLoad } from '../worker.repository.js';

export class WorkerDto {
  /**
   * Id of the worker, which is new at every start of its process.
   * @example worker_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  id!: string;

  /**
   * Host name of the machine.
   * @example gpu-box-1
   */
  hostname!: string;

  /**
   * Process id on that machine.
   * @example 4711
   */
  pid!: number;

  /**
   * Tensor engine.
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

  /** Names of the base models that it serves. */
  @ApiProperty({ type: [String], example: ['HuggingFaceTB/SmolLM2-135M-Instruct'] })
  base_models!: string[];

  /**
   * `working`; `draining` = it finishes running operations and releases its adapters; `drained` = it has nothing left.
   * @example working
   */
  status!: 'working' | 'draining' | 'drained';

  /**
   * Operations that it runs.
   * @example 3
   */
  running!: number;

  /**
   * Adapters that it holds.
   * @example 12
   */
  adapters!: number;

  /**
   * Start of the process.
   * @example 2026-11-23T10:15:30.000Z
   */
  started_at!: string;

  /**
   * Its latest heartbeat; they come every second.
   * @example 2026-11-23T10:20:30.000Z
   */
  heartbeat_at!: string;

  /** Since when it is being drained; null if it is not. */
  @ApiProperty({ type: String, nullable: true, example: null })
  draining_since!: string | null;
}

export class WorkerListDto {
  /** All workers that are alive, the oldest first. */
  @ApiProperty({ type: [WorkerDto] })
  workers!: WorkerDto[];
}

export function toWorkerDto({ worker, adapters, running }: WorkerLoad): WorkerDto {
  const isEmpty = running === 0 && adapters === 0;
  return {
    id: worker.id,
    hostname: worker.hostname,
    pid: worker.pid,
    engine: worker.engine,
    device: worker.device,
    ranks: worker.ranks,
    base_models: worker.baseModels.map(({ name }) => name),
    status: worker.drainingSince === null ? 'working' : isEmpty ? 'drained' : 'draining',
    running,
    adapters,
    started_at: worker.startedAt.toISOString(),
    heartbeat_at: worker.heartbeatAt.toISOString(),
    draining_since: worker.drainingSince?.toISOString() ?? null,
  };
}
