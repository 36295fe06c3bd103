import { hostname } from 'node:os';
import { Injectable, Logger } from '@nestjs/common';
import { PeriodicTask } from '../../../common/periodic/periodic-task.js';
import { type BackendCapabilities, ComputeBackend } from '../../../compute/compute-backend.js';
import { EngineStoppedError } from '../../../compute/engine-stopped.error.js';
import { BEAT_MS, WorkerRepository } from '../../workers/index.js';
import { MemoryReader } from './memory-reader.js';
import { WorkerConnection } from './worker-connection.js';

/** What operators want of this worker, as its row and the queue's say. */
export type WorkOrder = 'work' | 'pause' | 'drain';

/** This worker's row, with the sign of life that its leases hang on, and the orders that it finds there. */
@Injectable()
export class WorkerPresence {
  private readonly task = new PeriodicTask(
    { purpose: 'send a heartbeat', intervalMs: BEAT_MS, logger: new Logger(WorkerPresence.name) },
    async () => {
      const order = await this.beat();
      if (order !== null) await this.onBeat(order);
    },
  );
  private id = '';
  private onBeat: (order: WorkOrder) => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly connection: WorkerConnection,
    private readonly workers: WorkerRepository,
    private readonly backend: ComputeBackend,
    private readonly memory: MemoryReader,
  ) {}

  /** Opens the connection that the worker's life hangs on. */
  async connect(): Promise<void> {
    await this.connection.lockKey();
  }

  /** From now on others see this worker. `onBeat` runs after each beat that has reached the database, the first included. */
  async start(id: string, onBeat: (order: WorkOrder) => Promise<void>): Promise<void> {
    this.id = id;
    this.onBeat = onBeat;
    await this.workers.removeDead();
    await onBeat((await this.beat()) ?? 'work');
    this.task.start();
  }

  async stop(): Promise<void> {
    await this.task.stop();
    if (this.id !== '') await this.workers.remove(this.id);
    await this.connection.close();
  }

  /** Without an engine there is no sign of life (null): the log says so where the engine is started again. */
  private async beat(): Promise<WorkOrder | null> {
    const capabilities = this.capabilities();
    if (capabilities === null) return null;
    const { engine, device, ranks, batching, maxRank, baseModels } = capabilities;
    const lockKey = await this.connection.lockKey();
    const [row] = await this.connection.query<{ order: WorkOrder }>(
      `INSERT INTO workers (id, hostname, pid, engine, device, ranks, batching, max_rank, base_models, memory,
                            lock_key)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
       ON CONFLICT (id) DO UPDATE
         SET heartbeat_at = now(), lock_key = excluded.lock_key, memory = excluded.memory
       RETURNING CASE WHEN draining_since IS NOT NULL THEN 'drain'
                      WHEN EXISTS (SELECT FROM queue_pauses) THEN 'pause' ELSE 'work' END AS order`,
      [
        this.id,
        hostname(),
        process.pid,
        engine,
        device,
        ranks,
        batching,
        maxRank,
        JSON.stringify(baseModels),
        JSON.stringify(this.memory.read()),
        lockKey,
      ],
    );
    return row?.order ?? 'work';
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
