import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Repository } from 'typeorm';
import { CheckpointEntity, type CheckpointKind } from '../entities/checkpoint.entity.js';

export type NewCheckpointRow = Omit<CheckpointEntity, 'adapter' | 'createdAt'>;

/** What names a checkpoint: unique among those there are. */
export interface CheckpointKey {
  readonly adapterId: string;
  readonly kind: CheckpointKind;
  readonly name: string;
}

@Injectable()
export class CheckpointRepository {
  constructor(@InjectRepository(CheckpointEntity) private readonly rows: Repository<CheckpointEntity>) {}

  /** Null when there is none or it has expired. */
  async find({ adapterId, kind, name }: CheckpointKey): Promise<CheckpointEntity | null> {
    return unlessExpired(await this.rows.findOneBy({ adapterId, kind, name }));
  }

  async findById(id: string): Promise<CheckpointEntity | null> {
    return unlessExpired(await this.rows.findOneBy({ id }));
  }

  /** Oldest first. */
  async findByAdapter(adapterId: string): Promise<CheckpointEntity[]> {
    const rows = await this.rows.find({ where: { adapterId }, order: { createdAt: 'ASC', id: 'ASC' } });
    return rows.filter((row) => unlessExpired(row) !== null);
  }

  findExpired(limit: number): Promise<CheckpointEntity[]> {
    return this.rows.find({ where: { expiresAt: LessThan(new Date()) }, take: limit });
  }

  /**
   * Names a checkpoint whose files are safe. The name must be free, or taken by one that `replaces` allows; returns the
   * path of the replaced one's files (null for none), or false when the name is taken.
   */
  async put(row: NewCheckpointRow, replaces: (existing: CheckpointEntity) => boolean): Promise<string | null | false> {
    return this.rows.manager.transaction(async (manager) => {
      const { adapterId, kind, name } = row;
      const existing = await manager.findOne(CheckpointEntity, {
        where: { adapterId, kind, name },
        lock: { mode: 'pessimistic_write' },
      });
      if (existing && !replaces(existing)) return false;
      if (existing) await manager.delete(CheckpointEntity, { id: existing.id });
      await manager.insert(CheckpointEntity, row);
      return existing ? existing.path : null;
    });
  }

  async delete(id: string): Promise<void> {
    await this.rows.delete({ id });
  }

  async deleteOfAdapter(adapterId: string): Promise<void> {
    await this.rows.delete({ adapterId });
  }
}

function unlessExpired(row: CheckpointEntity | null): CheckpointEntity | null {
  return row && row.expiresAt && row.expiresAt.getTime() <= Date.now() ? null : row;
}
