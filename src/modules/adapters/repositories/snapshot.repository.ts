import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, Repository } from 'typeorm';
import { UNSETTLED } from '../../../database/unsettled.js';
import { SNAPSHOT_IS_USABLE, TOOK_EFFECT } from '../../futures/index.js';
import { AdapterSnapshotEntity } from '../entities/adapter-snapshot.entity.js';

export type NewSnapshotRow = Omit<AdapterSnapshotEntity, 'adapter' | 'createdAt'>;

/** SQL: was an adapter forked from row `source` that has not got a state of its own yet? */
const IS_NEEDED = `EXISTS (
  SELECT FROM adapters fork
  WHERE fork.origin->>'kind' = 'fork' AND fork.origin->>'adapterId' = source.id AND fork.deleted_at IS NULL
    AND NOT EXISTS (SELECT FROM adapter_snapshots snapshot WHERE snapshot.adapter_id = fork.id AND ${SNAPSHOT_IS_USABLE}))`;

/** Which snapshots of adapters there are. */
@Injectable()
export class SnapshotRepository {
  constructor(@InjectRepository(AdapterSnapshotEntity) private readonly rows: Repository<AdapterSnapshotEntity>) {}

  /**
   * Names a snapshot whose files are safe by now. Returns the folder of the one that it replaces (a repeat of the
   * operation under an earlier lease), or null when the lease is outdated or the adapter is deleted.
   */
  async insert(row: NewSnapshotRow): Promise<{ replaced: string | null } | null> {
    const rows: { replaced: string | null }[] = await this.rows.query(
      `WITH holder AS (SELECT id FROM adapters WHERE id = $1 AND lease = $3 AND deleted_at IS NULL FOR SHARE),
            old AS (SELECT path FROM adapter_snapshots WHERE adapter_id = $1 AND position = $2)
       INSERT INTO adapter_snapshots (adapter_id, position, lease, step, path, size_bytes, digest, pinned)
       SELECT id, $2, $3, $4, $5, $6, $7, $8 FROM holder
       ON CONFLICT ON CONSTRAINT adapter_snapshots_pkey DO UPDATE SET
         lease = excluded.lease, step = excluded.step, path = excluded.path, size_bytes = excluded.size_bytes,
         digest = excluded.digest, pinned = adapter_snapshots.pinned OR excluded.pinned, created_at = now()
       RETURNING (SELECT path FROM old) AS replaced`,
      [row.adapterId, row.position, row.lease, row.step, row.path, row.sizeBytes, row.digest, row.pinned],
    );
    return rows[0] ?? null;
  }

  /** The state in which a new adapter begins. */
  async insertFirst(row: NewSnapshotRow, manager: EntityManager): Promise<void> {
    await manager.insert(AdapterSnapshotEntity, row);
  }

  /** Oldest first. */
  findAll(adapterId: string): Promise<AdapterSnapshotEntity[]> {
    return this.rows.find({ where: { adapterId }, order: { position: 'ASC' } });
  }

  /**
   * Those up to a position that a state can be rebuilt from, newest first. One that was written by an operation which
   * has not taken effect holds what has not happened.
   */
  findUsable(adapterId: string, upTo: number): Promise<AdapterSnapshotEntity[]> {
    return this.rows
      .createQueryBuilder('snapshot')
      .where('snapshot.adapter_id = :adapterId AND snapshot.position <= :upTo', { adapterId, upTo })
      .andWhere(SNAPSHOT_IS_USABLE)
      .orderBy('snapshot.position', 'DESC')
      .getMany();
  }

  /** Those whose operation has failed: nothing needs them. */
  findFailed(adapterId: string): Promise<AdapterSnapshotEntity[]> {
    return this.rows
      .createQueryBuilder('snapshot')
      .where('snapshot.adapter_id = :adapterId', { adapterId })
      .andWhere(
        `EXISTS (SELECT FROM futures WHERE futures.position = snapshot.position AND futures.status = 'failed' AND NOT ${TOOK_EFFECT})`,
      )
      .getMany();
  }

  /** Do adapters that were forked from this one need its state? */
  async isNeededByForks(adapterId: string): Promise<boolean> {
    const found: unknown[] = await this.rows.query(`SELECT FROM adapters source WHERE id = $1 AND ${IS_NEEDED}`, [
      adapterId,
    ]);
    return found.length > 0;
  }

  /** Deleted adapters that have snapshots which nobody needs any more, and nothing that still runs on them. */
  async findAbandoned(): Promise<string[]> {
    const rows: { id: string }[] = await this.rows.query(
      `SELECT id FROM adapters source WHERE deleted_at IS NOT NULL AND NOT ${IS_NEEDED}
         AND EXISTS (SELECT FROM adapter_snapshots WHERE adapter_id = source.id)
         AND NOT EXISTS (SELECT FROM futures WHERE adapter_id = source.id AND status IN ${UNSETTLED})`,
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Deletes rows of adapters that were deleted before `before`, at most `limit`, and returns how many. None that a row
   * still refers to; one that another transaction holds is left for the next time.
   */
  async forgetDeleted(before: Date, limit: number): Promise<number> {
    const [, count]: [unknown[], number] = await this.rows.query(
      `DELETE FROM adapters WHERE id IN (
         SELECT id FROM adapters source WHERE deleted_at < $1 AND NOT ${IS_NEEDED}
           AND NOT EXISTS (SELECT FROM futures WHERE adapter_id = source.id)
           AND NOT EXISTS (SELECT FROM checkpoints WHERE adapter_id = source.id)
           AND NOT EXISTS (SELECT FROM adapter_snapshots WHERE adapter_id = source.id)
         ORDER BY deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [before, limit],
    );
    return count;
  }

  async delete(adapterId: string, positions: readonly number[]): Promise<void> {
    if (positions.length > 0) await this.rows.delete({ adapterId, position: In([...positions]) });
  }

  async deleteAll(adapterId: string): Promise<void> {
    await this.rows.delete({ adapterId });
  }
}
