import { hostname } from 'node:os';
import { Injectable, Logger } from '@nestjs/common';
import { PeriodicTask } from '../../../common/periodic-task.js';
import { type BackendCapabilities, ComputeBackend } from '../../../compute/compute-backend.js';
import { EngineStoppedError } from '../../../compute/engine-stopped.error.js';
import { BEAT_MS, WorkerRepository } from '../../workers/index.js';
import { WorkerConnection } from './worker-connection.js';

/** This worker's row, with the sign of life that its leases hang on. */
@Injectable()
export class WorkerPresence {
  private readonly task = new PeriodicTask(
    { purpose: 'send a heartbeat', intervalMs: BEAT_MS, logger: new Logger(WorkerPresence.name) },
    async () => {
      if (await this.beat()) await this.onBeat();
    },
  );
  private id = '';
  private onBeat: () => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly connection: WorkerConnection,
    private readonly workers: WorkerRepository,
    private readonly backend: ComputeBackend,
  ) {}

  /** Opens the connection that the worker's life hangs on. */
  async connect(): Promise<void> {
    await this.connection.lockKey();
  }

  /** From now on others see this worker. `onBeat` runs after each beat that has reached the database. */
  async start(id: string, onBeat: () => Promise<void>): Promise<void> {
    this.id = id;
    this.onBeat = onBeat;
    await this.workers.removeDead();
    await this.beat();
    this.task.start();
  }

  async stop(): Promise<void> {
    await this.task.stop();
    if (this.id !== '') await this.workers.remove(this.id);
    await this.connection.close();
  }

  /** Without an engine there is no sign of life: the log says so where the engine is started again. */
  private async beat(): Promise<boolean> {
    const capabilities = this.capabilities();
    if (capabilities === null) return false;
    const { engine, device, ranks, batching, maxRank, baseModels } = capabilities;
    const lockKey = await this.connection.lockKey();
    await this.connection.query(
      `INSERT INTO workers (id, hostname, pid, engine, device, ranks, batching, max_rank, base_models, lock_key)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (id) DO UPDATE SET heartbeat_at = now(), lock_key = excluded.lock_key`,
      [this.id, hostname(), process.pid, engine, device, ranks, batching, maxRank, JSON.stringify(baseModels), lockKey],
    );
    return true;
  }

  private capabilities(): BackendCapabilities | null {
    try {
      return this.backend.capabilities;
    } catch (error) {
      if (error instanceof EngineStoppedError) return null;
      throw error;
    }
  }
}
