import { hostname } from 'node:os';
import { Injectable, Logger } from '@nestjs/common';
import { ComputeBackend } from '../../compute/compute-backend.js';
import { WorkerRepository, type WorkerStatus } from '../workers/index.js';

const BEAT_MS = 5000;

/** This worker's row and heartbeat. */
@Injectable()
export class WorkerPresence {
  private readonly logger = new Logger(WorkerPresence.name);
  private timer: NodeJS.Timeout | undefined;
  private id = '';
  private status: WorkerStatus = 'standby';

  constructor(
    private readonly workers: WorkerRepository,
    private readonly backend: ComputeBackend,
  ) {}

  async start(id: string): Promise<void> {
    this.id = id;
    this.status = 'standby';
    await this.workers.removeDead();
    await this.beat();
    this.timer = setInterval(() => {
      this.beat().catch((error: unknown) => this.logger.warn(`No heartbeat: ${String(error)}`));
    }, BEAT_MS);
    this.timer.unref();
  }

  /** Was this worker demoted by another since it became active? */
  async wasReplaced(): Promise<boolean> {
    return this.status === 'active' && (await this.workers.findStatus(this.id)) !== 'active';
  }

  async activate(): Promise<void> {
    this.status = 'active';
    await this.beat();
    await this.workers.promote(this.id);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    if (this.id !== '') await this.workers.remove(this.id);
  }

  private async beat(): Promise<void> {
    const { engine, device, maxRank, baseModels } = this.backend.capabilities;
    const { id, status } = this;
    await this.workers.beat({
      id,
      hostname: hostname(),
      pid: process.pid,
      engine,
      device,
      maxRank,
      baseModels,
      status,
    });
  }
}
