import { hostname } from 'node:os';
import { Injectable, Logger } from '@nestjs/common';
import { ComputeBackend } from '../../../compute/compute-backend.js';
import { BEAT_MS, WorkerRepository } from '../../workers/index.js';
import { WorkerConnection } from './worker-connection.js';

/** This worker's row, with the sign of life that its leases hang on. */
@Injectable()
export class WorkerPresence {
  private readonly logger = new Logger(WorkerPresence.name);
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> | null = null;
  private id = '';

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
    await this.workers.removeDead();
    await this.beat();
    this.timer = setInterval(() => {
      // A slow one is not doubled.
      this.beating ??= this.beat()
        .then(onBeat)
        .catch((error: unknown) => this.logger.warn(`No heartbeat: ${String(error)}`))
        .finally(() => (this.beating = null));
    }, BEAT_MS);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.beating;
    if (this.id !== '') await this.workers.remove(this.id);
    await this.connection.close();
  }

  private async beat(): Promise<void> {
    const { engine, device, maxRank, baseModels } = this.backend.capabilities;
    const lockKey = await this.connection.lockKey();
    await this.connection.query(
      `INSERT INTO workers (id, hostname, pid, engine, device, max_rank, base_models, lock_key)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (id) DO UPDATE SET heartbeat_at = now(), lock_key = excluded.lock_key`,
      [this.id, hostname(), process.pid, engine, device, maxRank, JSON.stringify(baseModels), lockKey],
    );
  }
}
