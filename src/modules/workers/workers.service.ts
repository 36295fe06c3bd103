import { Injectable } from '@nestjs/common';
import { type BackendCapabilities } from '../../compute/compute-backend.js';
import { type WorkerEntity } from './entities/worker.entity.js';
import { WorkerRepository } from './worker.repository.js';

/** What a worker's row says of its backend. */
export type WorkerCapabilities = Pick<
  BackendCapabilities,
  'engine' | 'device' | 'ranks' | 'batching' | 'maxRank' | 'baseModels'
>;

/** What the API knows of the workers: only their rows. */
@Injectable()
export class WorkersService {
  constructor(private readonly workers: WorkerRepository) {}

  /** Workers that take requests, the oldest first. */
  listAlive(): Promise<WorkerEntity[]> {
    return this.workers.findAlive();
  }

  /** What the oldest worker can do (all are meant to be alike); null when none is alive. */
  async capabilities(): Promise<WorkerCapabilities | null> {
    const [worker] = await this.workers.findAlive();
    if (worker === undefined) return null;
    const { engine, device, ranks, batching, maxRank, baseModels } = worker;
    return { engine, device, ranks, batching, maxRank, baseModels };
  }
}
