import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, IsNull, LessThan, Like, MoreThan, Not, Repository } from 'typeorm';
import { EVENT_CHANNELS } from '../../../events/event-bus.js';
import { isExpired } from '../checkpoint-lifetime.js';
import { type CheckpointPath } from '../../../domain/checkpoint-path.js';
import { type CheckpointKind } from '../../../domain/checkpoint-path.js';
import { CheckpointEntity } from '../entities/checkpoint.entity.js';
import { PublicPathEntity } from '../entities/public-path.entity.js';

export type NewCheckpointRow = Omit<CheckpointEntity, 'adapter' | 'createdAt'>;

/** What names a checkpoint: unique among those there are. */
export interface CheckpointKey {
  readonly adapterId: string;
  readonly kind: CheckpointKind;
  readonly name: string;
}

/** What the checkpoints of one session take. */
export interface CheckpointSizes {
  readonly sessionId: string | null;
  readonly count: number;
  readonly bytes: number;
}

@Injectable()
export class CheckpointRepository {
  constructor(@InjectRepository(CheckpointEntity) private readonly rows: Repository<CheckpointEntity>) {}

  get manager(): EntityManager {
    return this.rows.manager;
  }

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
    return rows.filter((row) => !isExpired(row));
  }

  /** By the client's name for its adapter: the newest, while those of a deleted adapter of that name are still there. */
  async findOwn(owner: string, { modelId, kind, name }: CheckpointPath): Promise<CheckpointEntity | null> {
    const where = { owner, modelId, kind, name };
    return unlessExpired(await this.rows.findOne({ where, order: { createdAt: 'DESC' } }));
  }

  /** That of the owner to whom the path belongs. */
  async findPublic({ modelId, kind, name }: CheckpointPath): Promise<CheckpointEntity | null> {
    const path = await this.rows.manager.findOneBy(PublicPathEntity, { modelId, kind, name });
    if (path === null) return null;
    const where = { public: true, owner: path.owner, modelId, kind, name };
    return unlessExpired(await this.rows.findOne({ where, order: { createdAt: 'DESC' } }));
  }

  /**
   * Publishes a checkpoint, if its path is the owner's or has not been published by anybody yet; false when it is
   * another one's.
   */
  publish({ id, owner, modelId, kind, name }: CheckpointEntity): Promise<boolean> {
    return this.rows.manager.transaction(async (manager) => {
      await manager
        .createQueryBuilder()
        .insert()
        .into(PublicPathEntity)
        .values({ modelId, kind, name, owner })
        .orIgnore()
        .execute();
      if (!(await manager.existsBy(PublicPathEntity, { modelId, kind, name, owner }))) return false;
      await manager.update(CheckpointEntity, { id }, { public: true });
      return true;
    });
  }

  /** With a name, not expired, newest first; and how many there are. */
  findPage(owner: string, limit: number, offset: number, adapterId?: string): Promise<[CheckpointEntity[], number]> {
    const named = { owner, name: Not(Like('.%')), ...(adapterId === undefined ? {} : { adapterId }) };
    const where = [
      { ...named, expiresAt: IsNull() },
      { ...named, expiresAt: MoreThan(new Date()) },
    ];
    return this.rows.findAndCount({ where, order: { createdAt: 'DESC', id: 'DESC' }, take: limit, skip: offset });
  }

  /** Of these adapters, the newest with a name of each kind. */
  async findNewest(adapterIds: readonly string[]): Promise<CheckpointEntity[]> {
    const newest: { id: string }[] = await this.rows.query(
      `SELECT DISTINCT ON (adapter_id, kind) id FROM checkpoints
       WHERE adapter_id = ANY ($1) AND name NOT LIKE '.%' AND (expires_at IS NULL OR expires_at > now())
       ORDER BY adapter_id, kind, created_at DESC`,
      [adapterIds],
    );
    return this.rows.findBy({ id: In(newest.map(({ id }) => id)) });
  }

  /** Of those that have not expired, by the session of their adapter. */
  async sumBySession(owner: string): Promise<CheckpointSizes[]> {
    const rows: { session_id: string | null; count: number; bytes: string }[] = await this.rows.query(
      `SELECT adapters.session_id, count(*)::int AS count, sum(checkpoints.size_bytes) AS bytes
       FROM checkpoints JOIN adapters ON adapters.id = checkpoints.adapter_id
       WHERE checkpoints.owner = $1 AND (checkpoints.expires_at IS NULL OR checkpoints.expires_at > now())
       GROUP BY adapters.session_id`,
      [owner],
    );
    return rows.map(({ session_id: sessionId, count, bytes }) => ({ sessionId, count, bytes: Number(bytes) }));
  }

  async update(id: string, change: { public?: false; expiresAt?: Date | null }): Promise<void> {
    await this.rows.update({ id }, change);
  }

  /** Those without a name of a session's adapters, where they would live longer. */
  async expireUnnamed(sessionId: string, expiresAt: Date): Promise<void> {
    await this.rows.query(
      `UPDATE checkpoints SET expires_at = $2 FROM adapters
       WHERE adapters.id = adapter_id AND session_id = $1 AND name LIKE '.%'
         AND (expires_at IS NULL OR expires_at > $2)`,
      [sessionId, expiresAt],
    );
  }

  /** One without a name that has less than half of its time left gets all of it again. */
  async prolongUnnamed(id: string, seconds: number): Promise<void> {
    await this.rows.query(
      `UPDATE checkpoints SET expires_at = now() + make_interval(secs => $2)
       WHERE id = $1 AND name LIKE '.%' AND expires_at BETWEEN now() AND now() + make_interval(secs => $2 / 2.0)`,
      [id, seconds],
    );
  }

  findExpired(limit: number): Promise<CheckpointEntity[]> {
    return this.rows.find({ where: { expiresAt: LessThan(new Date()) }, take: limit });
  }

  /**
   * Names a checkpoint whose files are safe. The name must be free, or taken by one that `replaces` allows; returns where
   * the replaced one's files are (null for none), 'taken' when the name is, or 'outdated' when the adapter is not held
   * under `lease` any more (left out: whoever holds it, for what is not in its log).
   */
  async put(
    row: NewCheckpointRow,
    replaces: (existing: CheckpointEntity) => boolean,
    lease?: number,
  ): Promise<{ path: string | null } | 'taken' | 'outdated'> {
    const outcome = await this.rows.manager.transaction(async (manager) => {
      const { adapterId, kind, name } = row;
      if (lease !== undefined && !(await isHeld(adapterId, lease, manager))) return 'outdated';
      const existing = await manager.findOne(CheckpointEntity, {
        where: { adapterId, kind, name },
        lock: { mode: 'pessimistic_write' },
      });
      if (existing && !replaces(existing)) return 'taken';
      if (existing) {
        await manager.delete(CheckpointEntity, { id: existing.id });
        await tellDeleted([existing.id], manager);
      }
      const insert = manager
        .createQueryBuilder()
        .insert()
        .into(CheckpointEntity)
        .values(row)
        .orIgnore()
        .returning('id');
      const inserted = (await insert.execute()).raw as unknown[];
      return inserted.length > 0 ? { path: existing ? existing.path : null } : 'again';
    });
    // Another one took the name between the look and the insert: there is a row to look at now.
    return outcome === 'again' ? this.put(row, replaces, lease) : outcome;
  }

  async delete(id: string): Promise<void> {
    await this.rows.delete({ id });
    await tellDeleted([id], this.manager);
  }

  /** False when another process was faster, or when its time was prolonged meanwhile. */
  async deleteExpired(id: string, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager.delete(CheckpointEntity, { id, expiresAt: LessThan(new Date()) });
    if (affected === 1) await tellDeleted([id], manager);
    return affected === 1;
  }

  /** Returns those that are gone now. */
  async deleteOfAdapter(adapterId: string, manager: EntityManager): Promise<CheckpointEntity[]> {
    const rows = await manager.find(CheckpointEntity, {
      where: { adapterId },
      order: { createdAt: 'ASC', id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    const ids = rows.map(({ id }) => id);
    await manager.delete(CheckpointEntity, { id: In(ids) });
    await tellDeleted(ids, manager);
    return rows;
  }
}

/** Tells workers, when the transaction is committed, to drop what they hold in memory. */
async function tellDeleted(ids: readonly string[], manager: EntityManager): Promise<void> {
  await manager.query(`SELECT pg_notify($1, id) FROM unnest($2::text[]) AS id`, [
    EVENT_CHANNELS.checkpointDeleted,
    ids,
  ]);
}

/** Holds on to the adapter's row, so that it stays true until the transaction ends. */
async function isHeld(adapterId: string, lease: number, manager: EntityManager): Promise<boolean> {
  const held: unknown[] = await manager.query(`SELECT FROM adapters WHERE id = $1 AND lease = $2 FOR SHARE`, [
    adapterId,
    lease,
  ]);
  return held.length > 0;
}

function unlessExpired(row: CheckpointEntity | null): CheckpointEntity | null {
  return row && isExpired(row) ? null : row;
}
