import { Injectable, Logger } from '@nestjs/common';
import { currentOwner } from '../../common/caller.js';
import { type BackendCapabilities } from '../../compute/compute-backend.js';
import { type WorkerEntity } from './entities/worker.entity.js';
import { type QueuePauseEntity } from './entities/queue-pause.entity.js';
import { WorkerNotFoundError } from './errors/worker-not-found.error.js';
import { QueuePauseRepository } from './queue-pause.repository.js';
import { type WorkerLoad, WorkerRepository } from './worker.repository.js';

/** What a worker's row says of its backend. */
export type WorkerCapabilities = Pick<
  BackendCapabilities,
  'engine' | 'device' | 'ranks' | 'batching' | 'maxRank' | 'baseModels'
>;

/** Why no operation starts at the moment. */
export interface Standstill {
  readonly cause: 'no_worker' | 'paused' | 'draining';
  /** For people, to follow the words "the request waits:". */
  readonly reason: string;
}

/** What the API knows of the workers, and orders them to do: only by their rows. */
@Injectable()
export class WorkersService {
  private readonly logger = new Logger(WorkersService.name);

  constructor(
    private readonly workers: WorkerRepository,
    private readonly pauses: QueuePauseRepository,
  ) {}

  /** Workers that live, the oldest first; those that are being drained too. */
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

  /** Why operations do not start at the moment; null while they do. */
  async standstill(): Promise<Standstill | null> {
    const [workers, pause] = await Promise.all([this.workers.findAlive(), this.pauses.find()]);
    if (workers.length === 0) return { cause: 'no_worker', reason: 'no compute worker is running' };
    if (pause !== null) {
      const why = pause.reason === null ? '' : ` (${pause.reason})`;
      return { cause: 'paused', reason: `the operator has paused the queue${why}` };
    }
    if (workers.some(({ drainingSince }) => drainingSince === null)) return null;
    return { cause: 'draining', reason: 'the operator is taking every worker out of service' };
  }

  /** For operators. */
  listLoads(): Promise<WorkerLoad[]> {
    return this.workers.findLoads();
  }

  /**
   * Orders a worker to finish what it runs, start nothing and give its adapters to others; or to work again.
   * @throws WorkerNotFoundError
   */
  async setDraining(id: string, draining: boolean): Promise<WorkerLoad> {
    if (!(await this.workers.setDraining(id, draining))) throw new WorkerNotFoundError(id);
    this.logger.log(`${id} is to ${draining ? 'finish what it has' : 'work again'}, by order of ${operator()}`);
    const changed = (await this.workers.findLoads()).find(({ worker }) => worker.id === id);
    if (!changed) throw new WorkerNotFoundError(id);
    return changed;
  }

  /** Null: operations run. */
  queuePause(): Promise<QueuePauseEntity | null> {
    return this.pauses.find();
  }

  /** Orders all workers to start no operation. Requests are still accepted, and wait. */
  async pauseQueue(reason: string | null): Promise<void> {
    await this.pauses.pause(reason, currentOwner());
    this.logger.log(`The queue is paused by order of ${operator()}`);
  }

  async resumeQueue(): Promise<void> {
    await this.pauses.resume();
    this.logger.log(`The queue is resumed by order of ${operator()}`);
  }
}

function operator(): string {
  return currentOwner() || 'an operator without a key';
}
