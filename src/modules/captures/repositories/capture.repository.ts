import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository, type SelectQueryBuilder } from 'typeorm';
import { type Metadata } from '../../../common/http/validation/is-metadata.js';
import { whenDatabaseIsBack } from '../../../database/outage.js';
import { CaptureEntity } from '../entities/capture.entity.js';

export type NewCaptureRow = Omit<CaptureEntity, 'createdAt' | 'result'>;

/** Which captures; what is left out selects all. */
export interface CaptureFilter {
  readonly model?: string | undefined;
  /** Pairs that the metadata of a capture contains. */
  readonly metadata?: Metadata | undefined;
  /** From this time on. */
  readonly since?: Date | undefined;
  /** Before this time. */
  readonly until?: Date | undefined;
  /** With feedback on any answer, or without. */
  readonly hasFeedback?: boolean | undefined;
}

/** Rows whose requests have failed, or are gone, are deleted when they are this old. */
const GRACE = `interval '1 minute'`;

@Injectable()
export class CaptureRepository {
  constructor(@InjectRepository(CaptureEntity) private readonly rows: Repository<CaptureEntity>) {}

  /** A repeat of a request finds the row of the first one. */
  async insert(row: NewCaptureRow): Promise<void> {
    await whenDatabaseIsBack(() => this.rows.createQueryBuilder().insert().values(row).orIgnore().execute());
  }

  /** Copies the result of a completed request from the log. */
  async complete(id: string): Promise<void> {
    await whenDatabaseIsBack(() => this.rows.query(`${COPY_RESULTS} AND captures.id = $1`, [id]));
  }

  /** Null for one whose request has not completed, too. */
  find(owner: string, id: string): Promise<CaptureEntity | null> {
    return whenDatabaseIsBack(() => this.query(owner, {}).andWhere('capture.id = :id', { id }).getOne());
  }

  /** Completed captures by time, after `after` where that is given. */
  findPage(
    owner: string,
    filter: CaptureFilter,
    { after, limit, order }: { after?: string | undefined; limit: number; order: 'ASC' | 'DESC' },
  ): Promise<CaptureEntity[]> {
    const query = this.query(owner, filter);
    if (after !== undefined) query.andWhere(`capture.id ${order === 'ASC' ? '>' : '<'} :after`, { after });
    const page = query.orderBy('capture.id', order).take(limit);
    return whenDatabaseIsBack(() => page.getMany());
  }

  /** False where there was none. */
  async delete(owner: string, id: string): Promise<boolean> {
    const { affected } = await this.rows.delete({ owner, id });
    return (affected ?? 0) > 0;
  }

  /** Completes what nobody waited for, and deletes what has failed. */
  async settleOpen(): Promise<void> {
    await this.rows.query(COPY_RESULTS);
    await this.rows.query(`
      DELETE FROM captures WHERE result IS NULL AND created_at < now() - ${GRACE} AND NOT EXISTS (
        SELECT FROM futures WHERE futures.request_id = captures.id AND futures.status <> 'failed')`);
  }

  /** Deletes what its owner wants to be kept no longer. */
  async deleteExpired(): Promise<void> {
    await this.rows.query(`
      DELETE FROM captures USING capture_settings AS settings
      WHERE settings.owner = captures.owner
        AND captures.created_at < now() - settings.retention_days * interval '1 day'`);
  }

  private query(
    owner: string,
    { model, metadata, since, until, hasFeedback }: CaptureFilter,
  ): SelectQueryBuilder<CaptureEntity> {
    const query = this.rows
      .createQueryBuilder('capture')
      .where('capture.owner = :owner AND capture.result IS NOT NULL', { owner });
    if (model !== undefined) query.andWhere('capture.model = :model', { model });
    if (metadata) query.andWhere('capture.metadata @> :metadata', { metadata: JSON.stringify(metadata) });
    if (since) query.andWhere('capture.created_at >= :since', { since });
    if (until) query.andWhere('capture.created_at < :until', { until });
    if (hasFeedback !== undefined) {
      const exists = 'EXISTS (SELECT FROM capture_feedback AS given WHERE given.capture_id = capture.id)';
      query.andWhere(hasFeedback ? exists : `NOT ${exists}`);
    }
    return query;
  }
}

const COPY_RESULTS = `
  UPDATE captures SET result = futures.result FROM futures
  WHERE futures.request_id = captures.id AND futures.status = 'completed' AND captures.result IS NULL`;
