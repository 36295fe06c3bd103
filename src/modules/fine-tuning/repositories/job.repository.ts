import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, LessThan, MoreThan, Not, Raw, Repository } from 'typeorm';
import { whenDatabaseIsBack } from '../../../database/outage.js';
import { JobCheckpointEntity } from '../entities/job-checkpoint.entity.js';
import { JobEventEntity } from '../entities/job-event.entity.js';
import { JobEntity } from '../entities/job.entity.js';
import { FINISHED, type JobStatus } from '../job-states.js';
import { type NewJobEvent } from '../job-event.js';
import { tellWebhooksOfJobs } from '../../webhooks/index.js';
import { recordEvents } from './job-sql.js';

/** Rows of metrics that are read at a time. */
const PAGE = 1000;

export type NewJobRow = Pick<
  JobEntity,
  | 'id'
  | 'owner'
  | 'status'
  | 'baseModel'
  | 'modelId'
  | 'trainingFile'
  | 'validationFile'
  | 'method'
  | 'settings'
  | 'seed'
  | 'metadata'
  | 'progress'
>;

/** What the API needs of the jobs' tables; the drivers' side is JobDriveRepository. */
@Injectable()
export class JobRepository {
  constructor(@InjectRepository(JobEntity) private readonly rows: Repository<JobEntity>) {}

  private get manager(): EntityManager {
    return this.rows.manager;
  }

  /** A second try after an outage finds the row that the first has inserted. */
  async insert(row: NewJobRow, events: readonly NewJobEvent[]): Promise<void> {
    await whenDatabaseIsBack(() =>
      this.manager.query(
        `WITH changed AS (
           INSERT INTO fine_tuning_jobs (id, owner, status, base_model, model_id, training_file, validation_file, method,
                                         settings, seed, metadata, progress)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           ON CONFLICT DO NOTHING RETURNING id),
         ${recordEvents('$13')}
         SELECT count(*) FROM news`,
        [
          row.id,
          row.owner,
          row.status,
          row.baseModel,
          row.modelId,
          row.trainingFile,
          row.validationFile,
          row.method,
          JSON.stringify(row.settings),
          row.seed,
          row.metadata && JSON.stringify(row.metadata),
          JSON.stringify(row.progress),
          JSON.stringify(events),
        ],
      ),
    );
  }

  find(owner: string, id: string): Promise<JobEntity | null> {
    return whenDatabaseIsBack(() => this.rows.findOneBy({ owner, id }));
  }

  /** Newest first, those before `position` where given, with these metadata. */
  findPage(
    owner: string,
    limit: number,
    position?: number,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<JobEntity[]> {
    const contains = (column: string) => `${column} @> :wanted`;
    return this.rows.find({
      where: {
        owner,
        ...(position === undefined ? {} : { position: LessThan(position) }),
        ...(metadata ? { metadata: Raw(contains, { wanted: JSON.stringify(metadata) }) } : {}),
      },
      order: { position: 'DESC' },
      take: limit,
    });
  }

  countUnfinished(owner: string): Promise<number> {
    return this.rows.countBy({ owner, status: Not(In([...FINISHED])) });
  }

  /** Changes the state where it is one of `from`; tells whether it did. */
  async change(
    job: JobEntity,
    from: readonly JobStatus[],
    to: JobStatus,
    events: readonly NewJobEvent[],
  ): Promise<boolean> {
    const changed: unknown[] = await whenDatabaseIsBack(() =>
      this.manager.query(
        `WITH changed AS (
           UPDATE fine_tuning_jobs SET status = $3, estimated_finish = NULL,
             finished_at = CASE WHEN $3 = ANY($5) THEN now() END
           WHERE id = $1 AND status = ANY($2) RETURNING id, owner),
         ${recordEvents('$4')}, ${tellWebhooksOfJobs('$3::text')}
         SELECT id FROM changed, news`,
        [job.id, from, to, JSON.stringify(events), FINISHED],
      ),
    );
    return changed.length > 0;
  }

  /** Newest first, those before `position` where given. */
  findEvents(jobId: string, limit: number, position?: number): Promise<JobEventEntity[]> {
    return this.manager.find(JobEventEntity, {
      where: { jobId, ...(position === undefined ? {} : { position: LessThan(position) }) },
      order: { position: 'DESC' },
      take: limit,
    });
  }

  /** Oldest first, those after `position`. */
  findMetrics(jobId: string, position: number, limit: number): Promise<JobEventEntity[]> {
    return whenDatabaseIsBack(() =>
      this.manager.find(JobEventEntity, {
        where: { jobId, type: 'metrics', position: MoreThan(position) },
        order: { position: 'ASC' },
        take: limit,
      }),
    );
  }

  /** All of them, oldest first. */
  async findAllMetrics(jobId: string): Promise<JobEventEntity[]> {
    const rows: JobEventEntity[] = [];
    for (;;) {
      const page = await this.findMetrics(jobId, rows.at(-1)?.position ?? 0, PAGE);
      for (const row of page) rows.push(row);
      if (page.length < PAGE) return rows;
    }
  }

  /** Newest first, those before `epoch` where given. */
  findCheckpoints(jobId: string, limit: number, epoch?: number): Promise<JobCheckpointEntity[]> {
    return this.manager.find(JobCheckpointEntity, {
      where: { jobId, ...(epoch === undefined ? {} : { epoch: LessThan(epoch) }) },
      order: { epoch: 'DESC' },
      take: limit,
    });
  }
}
