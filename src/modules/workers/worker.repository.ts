import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { WorkerEntity } from './entities/worker.entity.js';
import { IS_ALIVE } from './liveness.js';

/** Rows of workers; each writes its own by WorkerPresence. */
@Injectable()
export class WorkerRepository {
  constructor(@InjectRepository(WorkerEntity) private readonly rows: Repository<WorkerEntity>) {}

  /** Oldest first. */
  findAlive(): Promise<WorkerEntity[]> {
    return this.rows.createQueryBuilder('worker').where(IS_ALIVE).orderBy('worker.started_at').getMany();
  }

  async remove(id: string): Promise<void> {
    await this.rows.delete({ id });
  }

  /** Removes the rows of workers that ended without removing theirs, a day after their last sign of life. */
  async removeDead(): Promise<void> {
    await this.rows.query(`DELETE FROM workers WHERE heartbeat_at < now() - interval '1 day'`);
  }
}
