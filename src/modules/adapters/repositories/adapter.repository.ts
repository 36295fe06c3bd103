import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, IsNull, Not, Raw, Repository } from 'typeorm';
import { ADVISORY_LOCKS } from '../../../database/advisory-locks.js';
import { UNSETTLED } from '../../../database/unsettled.js';
import { type LoraSpec } from '../../../domain/adapter/lora-spec.js';
import { AdapterEntity, type AdapterOrigin } from '../entities/adapter.entity.js';

/** What is known of an adapter before its first operation. */
export interface NewAdapterRow {
  readonly id: string;
  readonly owner: string;
  readonly sessionId: string | null;
  readonly userMetadata: Readonly<Record<string, unknown>> | null;
  readonly modelId: string;
  readonly baseModel: string;
  readonly lora: LoraSpec;
  readonly rank: number;
  readonly trainableParams: number;
  readonly step: number;
  readonly origin: AdapterOrigin | null;
  readonly copiedFrom: string | null;
}

/** Live adapters. */
export interface AdapterCounts {
  readonly total: number;
  /** Those that a worker holds the lease of. */
  readonly resident: number;
  /** Those whose replay gave another state than the first run. */
  readonly diverged: number;
  /** Those that are held, by the worker. */
  readonly byWorker: ReadonlyMap<string, number>;
}

/** Of a list: what is left out is not asked for. */
export interface AdapterFilter {
  readonly owner?: string | undefined;
  /** A part of the name, or of the name of the base model. */
  readonly search?: string | undefined;
}

/** The adapters table, without the leases in it (LeaseRepository). */
@Injectable()
export class AdapterRepository {
  constructor(@InjectRepository(AdapterEntity) private readonly rows: Repository<AdapterEntity>) {}

  get manager(): EntityManager {
    return this.rows.manager;
  }

  /** False when a live adapter of the owner has the name already. */
  async insert(row: NewAdapterRow, manager: EntityManager): Promise<boolean> {
    const { id, modelId, baseModel, lora, rank, trainableParams, step, origin } = row;
    const { owner, sessionId, userMetadata, copiedFrom } = row;
    const inserted: unknown[] = await manager.query(
      `INSERT INTO adapters (id, model_id, base_model, lora, rank, trainable_params, step, origin, owner,
                             session_id, user_metadata, copied_from)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
       ON CONFLICT (owner, model_id) WHERE deleted_at IS NULL DO NOTHING RETURNING id`,
      [
        id,
        modelId,
        baseModel,
        JSON.stringify(lora),
        rank,
        trainableParams,
        step,
        json(origin),
        owner,
        sessionId,
        json(userMetadata),
        copiedFrom,
      ],
    );
    return inserted.length > 0;
  }

  /**
   * Lets one request at a time make an adapter or an alias for the owner, until the transaction ends: so that a limit
   * holds, and a name is one or the other.
   */
  async lockCreation(owner: string, manager: EntityManager): Promise<void> {
    await manager.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [ADVISORY_LOCKS.adapters, owner]);
  }

  countLive(owner: string, manager: EntityManager): Promise<number> {
    return manager.countBy(AdapterEntity, { owner, deletedAt: IsNull() });
  }

  /** Live adapters of all owners, and how many of them have diverged. */
  async countAllLive(): Promise<{ readonly live: number; readonly diverged: number }> {
    const [counts]: { live: number; diverged: number }[] = await this.rows.query(
      `SELECT count(*)::int AS live, count(diverged_at_step)::int AS diverged FROM adapters WHERE deleted_at IS NULL`,
    );
    return counts ?? { live: 0, diverged: 0 };
  }

  /** `owner`: undefined for everybody's. */
  async countOf(owner: string | undefined): Promise<AdapterCounts> {
    const rows: { worker_id: string | null; live: number; diverged: number }[] = await this.rows.query(
      `SELECT worker_id, count(*)::int AS live, count(diverged_at_step)::int AS diverged FROM adapters
       WHERE deleted_at IS NULL AND ($1::text IS NULL OR owner = $1) GROUP BY worker_id`,
      [owner ?? null],
    );
    const held = rows.flatMap(({ worker_id: id, live }) => (id === null ? [] : [[id, live] as const]));
    return {
      total: rows.reduce((sum, { live }) => sum + live, 0),
      resident: held.reduce((sum, [, live]) => sum + live, 0),
      diverged: rows.reduce((sum, { diverged }) => sum + diverged, 0),
      byWorker: new Map(held),
    };
  }

  /** Live adapters, of all owners, whose replay gave another state than the first run. */
  countDiverged(): Promise<number> {
    return this.rows.countBy({ divergedAtStep: Not(IsNull()), deletedAt: IsNull() });
  }

  findLive(owner: string, modelId: string, manager = this.manager): Promise<AdapterEntity | null> {
    return manager.findOneBy(AdapterEntity, { owner, modelId, deletedAt: IsNull() });
  }

  /** Of all owners, unused since `before` and needed by nothing, the longest unused first. */
  findIdle(before: Date, limit: number): Promise<AdapterEntity[]> {
    return this.rows
      .createQueryBuilder('adapter')
      .where('adapter.deleted_at IS NULL AND adapter.last_used_at < :before', { before })
      .andWhere(`NOT EXISTS (SELECT FROM futures WHERE adapter_id = adapter.id AND status IN ${UNSETTLED})`)
      .andWhere(`NOT EXISTS (SELECT FROM alias_versions WHERE owner = adapter.owner AND target = adapter.model_id)`)
      .andWhere(
        `NOT EXISTS (SELECT FROM fine_tuning_jobs WHERE owner = adapter.owner AND model_id = adapter.model_id
                     AND status NOT IN ('succeeded', 'failed', 'cancelled'))`,
      )
      .orderBy('adapter.last_used_at')
      .limit(limit)
      .getMany();
  }

  /** Whether an alias of the owner has the name. */
  async isAlias(owner: string, name: string, manager = this.manager): Promise<boolean> {
    const found: unknown[] = await manager.query(`SELECT FROM alias_versions WHERE owner = $1 AND name = $2 LIMIT 1`, [
      owner,
      name,
    ]);
    return found.length > 0;
  }

  /** Live or deleted. */
  findById(id: string): Promise<AdapterEntity | null> {
    return this.rows.findOneBy({ id });
  }

  /** Live or deleted. */
  exists(id: string, manager: EntityManager): Promise<boolean> {
    return manager.existsBy(AdapterEntity, { id });
  }

  /** False when it is deleted; else it cannot be until the transaction ends. */
  async holdLive(id: string, manager: EntityManager): Promise<boolean> {
    const rows: unknown[] = await manager.query(`SELECT FROM adapters WHERE id = $1 AND deleted_at IS NULL FOR SHARE`, [
      id,
    ]);
    return rows.length > 0;
  }

  /**
   * Newest first: an id begins with the time at which it was made. Those before `cursor`, an id, where
   * it is given.
   */
  findLiveBefore({ owner, search }: AdapterFilter, limit: number, cursor?: string): Promise<AdapterEntity[]> {
    const query = this.rows.createQueryBuilder('adapter').where('adapter.deleted_at IS NULL');
    if (cursor !== undefined) query.andWhere('adapter.id < :cursor', { cursor });
    if (owner !== undefined) query.andWhere('adapter.owner = :owner', { owner });
    if (search !== undefined) {
      const contains = (column: string) => `strpos(lower(${column}), lower(:search)) > 0`;
      query.andWhere(`(${contains('adapter.model_id')} OR ${contains('adapter.base_model')})`, { search });
    }
    return query.orderBy('adapter.id', 'DESC').limit(limit).getMany();
  }

  /** Newest first, with how many there are; those whose session is in one project where it is given. */
  findPage(owner: string, limit: number, offset: number, projectId?: string): Promise<[AdapterEntity[], number]> {
    const inProject = (id: string) => `${id} IN (SELECT id FROM sessions WHERE project_id = :projectId)`;
    const ofProject = projectId === undefined ? {} : { sessionId: Raw(inProject, { projectId }) };
    const where = { owner, deletedAt: IsNull(), ...ofProject };
    return this.rows.findAndCount({ where, order: { createdAt: 'DESC', id: 'DESC' }, take: limit, skip: offset });
  }

  findLiveOfSession(sessionId: string): Promise<AdapterEntity[]> {
    return this.rows.find({ where: { sessionId, deletedAt: IsNull() }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /** Of these adapters, those with operations that wait or run. */
  async findBusy(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows: { adapter_id: string }[] = await this.rows.query(
      `SELECT DISTINCT adapter_id FROM futures WHERE status IN ${UNSETTLED} AND adapter_id = ANY ($1)`,
      [ids],
    );
    return new Set(rows.map((row) => row.adapter_id));
  }

  /** Frees the name. False when another request was faster. */
  async markDeleted(id: string, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager.update(AdapterEntity, { id, deletedAt: IsNull() }, { deletedAt: new Date() });
    return affected === 1;
  }

  /** A repeat of the log has given another state than the first time. The first such step is kept. */
  async markDiverged(id: string, step: number): Promise<void> {
    await this.rows.query(`UPDATE adapters SET diverged_at_step = coalesce(diverged_at_step, $2) WHERE id = $1`, [
      id,
      step,
    ]);
  }
}

function json(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
