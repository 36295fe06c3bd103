import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { WorkerEntity } from './entities/worker.entity.js';
import { IS_ALIVE } from './liveness.js';

/** A worker with what it has at the moment. */
export interface WorkerLoad {
  readonly worker: WorkerEntity;
  /** Adapters whose lease it holds. */
  readonly adapters: number;
  /** Operations that it runs. */
  readonly running: number;
}

/** Rows of workers; each writes its own by WorkerPresence. */
@Injectable()
export class WorkerRepository {
  constructor(@InjectRepository(WorkerEntity) private readonly rows: Repository<WorkerEntity>) {}

  /** Oldest first. */
  findAlive(): Promise<WorkerEntity[]> {
    return this.rows.createQueryBuilder('worker').where(IS_ALIVE).orderBy('worker.started_at').getMany();
  }

  /** Oldest first, with their load. */
  async findLoads(): Promise<WorkerLoad[]> {
    const loads: { worker_id: string; adapters: number; running: number }[] = await this.rows.query(
      `SELECT worker_id, sum(adapters)::int AS adapters, sum(running)::int AS running FROM (
         SELECT worker_id, count(*) AS adapters, 0 AS running FROM adapters WHERE worker_id IS NOT NULL GROUP BY worker_id
         UNION ALL SELECT worker_id, 0, count(*) FROM futures WHERE status = 'running' GROUP BY worker_id) load
       GROUP BY worker_id`,
    );
    return (await this.findAlive()).map((worker) => {
      const { adapters = 0, running = 0 } = loads.find((load) => load.worker_id === worker.id) ?? {};
      return { worker, adapters, running };
    });
  }

  /** Orders a living worker to start nothing more, or to work again. False: there is no such worker. */
  async setDraining(id: string, draining: boolean): Promise<boolean> {
    const [, count]: [unknown[], number] = await this.rows.query(
      `UPDATE workers worker SET draining_since = CASE WHEN $2 THEN coalesce(draining_since, now()) END
       WHERE id = $1 AND ${IS_ALIVE}`,
      [id, draining],
    );
    return count > 0;
  }

  async remove(id: string): Promise<void> {
    await this.rows.delete({ id });
  }

  /** Removes the rows of workers that ended without removing theirs, a day after their last sign of life. */
  async removeDead(): Promise<void> {
    await this.rows.query(`DELETE FROM workers WHERE heartbeat_at < now() - interval '1 day'`);
  }
}
