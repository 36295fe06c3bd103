import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { WorkerEntity, type WorkerStatus } from './entities/worker.entity.js';

/** A worker counts as alive for this long after a heartbeat. */
export const ALIVE_MS = 20_000;

@Injectable()
export class WorkerRepository {
  constructor(@InjectRepository(WorkerEntity) private readonly rows: Repository<WorkerEntity>) {}

  /** Writes the heartbeat, and the row where there is none. Leaves the status to promote(). */
  async beat(worker: Omit<WorkerEntity, 'startedAt' | 'heartbeatAt'>): Promise<void> {
    await this.rows
      .createQueryBuilder()
      .insert()
      .values({ ...worker, heartbeatAt: () => 'now()' })
      .orUpdate(['heartbeat_at'], ['id'])
      .execute();
  }

  async findStatus(id: string): Promise<WorkerStatus | null> {
    const row = await this.rows.findOneBy({ id });
    return row?.status ?? null;
  }

  /** This worker is the active one from now on, every other is on standby. */
  async promote(id: string): Promise<void> {
    await this.rows.query(
      `UPDATE workers SET status = CASE id WHEN $1 THEN 'active' ELSE 'standby' END WHERE id = $1 OR status = 'active'`,
      [id],
    );
  }

  /** Workers with a fresh heartbeat, the active one first. */
  findAlive(): Promise<WorkerEntity[]> {
    return this.rows
      .createQueryBuilder('worker')
      .where(`worker.heartbeat_at > now() - :alive * interval '1 millisecond'`, { alive: ALIVE_MS })
      .orderBy('worker.status')
      .addOrderBy('worker.started_at')
      .getMany();
  }

  async remove(id: string): Promise<void> {
    await this.rows.delete({ id });
  }

  /** Rows of workers that ended without removing theirs. */
  async removeDead(): Promise<void> {
    await this.rows.query(`DELETE FROM workers WHERE heartbeat_at < now() - interval '1 day'`);
  }
}
