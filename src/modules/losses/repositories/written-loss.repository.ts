import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, IsNull, Repository } from 'typeorm';
import { ADVISORY_LOCKS } from '../../../database/advisory-locks.js';
import { whenDatabaseIsBack } from '../../../database/outage.js';
import { type LossDefinition } from '../../../domain/loss-definition.js';
import { WrittenLossEntity } from '../entities/written-loss.entity.js';
import { type LossMetadata } from '../../../losses/loss-function.js';

/** A version that is there. */
export interface WrittenLossRow {
  readonly name: string;
  readonly version: number;
  readonly definition: LossDefinition;
  readonly metadata: LossMetadata;
  readonly createdAt: Date;
}

export type WrittenLossSummary = Omit<WrittenLossRow, 'definition'>;

export interface NewWrittenLoss {
  readonly owner: string;
  readonly definition: LossDefinition;
  readonly metadata: LossMetadata;
}

@Injectable()
export class WrittenLossRepository {
  constructor(@InjectRepository(WrittenLossEntity) private readonly rows: Repository<WrittenLossEntity>) {}

  /**
   * Adds a version, or finds the newest one where that is the same: a client that registers its losses whenever it
   * starts makes no new ones, nor does a second try after an outage. Null when the owner has `most` versions already.
   */
  async add({ owner, definition, metadata }: NewWrittenLoss, most: number): Promise<WrittenLossSummary | null> {
    const { name } = definition;
    const transaction = async (manager: EntityManager): Promise<WrittenLossSummary | null> => {
      // One at a time, so that numbers are given once and the limit holds.
      await manager.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [ADVISORY_LOCKS.lossFunctions, owner]);
      const newest = await find(manager, { owner, name });
      if (newest && JSON.stringify(newest.definition) === JSON.stringify(definition)) return newest;
      const rows = manager.getRepository(WrittenLossEntity);
      if ((await rows.countBy({ owner, deletedAt: IsNull() })) >= most) return null;
      const last = await rows.maximum('version', { owner, name });
      const { createdAt, version } = await rows.save(
        rows.create({ owner, name, version: (last ?? 0) + 1, definition, metadata }),
      );
      return { name, version, metadata, createdAt };
    };
    return whenDatabaseIsBack(() => this.rows.manager.transaction(transaction));
  }

  /** The newest version, or a certain one. */
  async find(owner: string, name: string, version?: number): Promise<WrittenLossRow | null> {
    return find(this.rows.manager, { owner, name, ...(version === undefined ? {} : { version }) });
  }

  /** The newest version of every loss of the owner, by name in the order of code points. */
  async findAll(owner: string): Promise<WrittenLossSummary[]> {
    return this.rows.query(
      `SELECT DISTINCT ON (name COLLATE "C") name, version, metadata, created_at AS "createdAt" FROM loss_functions
       WHERE owner = $1 AND deleted_at IS NULL ORDER BY name COLLATE "C", version DESC`,
      [owner],
    );
  }

  /** Which of these names are registered, and by whom. */
  async findOwners(names: readonly string[]): Promise<{ name: string; owners: string[] }[]> {
    return this.rows.query(
      `SELECT name, array_agg(DISTINCT owner) AS owners FROM loss_functions
       WHERE name = ANY($1) AND deleted_at IS NULL GROUP BY name ORDER BY name`,
      [names],
    );
  }

  /** Newest first. */
  findVersions(owner: string, name: string): Promise<Pick<WrittenLossRow, 'version' | 'createdAt'>[]> {
    return this.rows.find({
      select: { version: true, createdAt: true },
      where: { owner, name, deletedAt: IsNull() },
      order: { version: 'DESC' },
    });
  }

  /** Deletes all versions; how many there were. */
  async remove(owner: string, name: string): Promise<number> {
    const gone = { definition: null, metadata: null, deletedAt: new Date() };
    const { affected } = await this.rows.update({ owner, name, deletedAt: IsNull() }, gone);
    return affected ?? 0;
  }
}

async function find(
  manager: EntityManager,
  which: { owner: string; name: string; version?: number },
): Promise<WrittenLossRow | null> {
  const row = await manager.findOne(WrittenLossEntity, {
    where: { ...which, deletedAt: IsNull() },
    order: { version: 'DESC' },
  });
  return row as WrittenLossRow | null;
}
