import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { ADVISORY_LOCKS } from '../../../database/advisory-locks.js';
import { whenDatabaseIsBack } from '../../../database/outage.js';
import { type JobCheckpointEntity } from '../entities/job-checkpoint.entity.js';
import { JobEntity } from '../entities/job.entity.js';
import { LeaseLostError } from '../errors/lease-lost.error.js';
import { type NewJobEvent } from '../job-event.js';
import { DRIVEN, FINISHED, type JobStatus } from '../job-states.js';
import { tellWebhooksOfJobs } from '../../webhooks/index.js';
import { recordEvents } from './job-sql.js';

/** How long a driver that says nothing counts as alive. */
export const LEASE_S = 5;

/** A job, and the number under which its driver writes. */
export type DrivenJob = Pick<JobEntity, 'id' | 'lease'>;

/** What a driver writes at once: all of it or nothing. */
export interface JobRecord {
  readonly status?: JobStatus;
  readonly from?: readonly JobStatus[];
  readonly columns?: Partial<Pick<JobEntity, 'validated' | 'progress' | 'error' | 'resultFile' | 'estimatedFinish'>>;
  readonly events?: readonly NewJobEvent[];
  readonly checkpoint?: Pick<JobCheckpointEntity, 'epoch' | 'step' | 'path' | 'metrics'>;
}

/** What may have changed without the driver. */
export type JobView = Pick<JobEntity, 'status' | 'owner'>;

/**
 * Leases of jobs, and what their drivers write. A lease is a time and a number in the job's row: a driver renews the
 * time, and another one that finds it past takes the job over under the next number.
 */
@Injectable()
export class JobDriveRepository {
  constructor(@InjectRepository(JobEntity) private readonly rows: Repository<JobEntity>) {}

  /**
   * Takes a job on one of these base models that nobody drives, of the owner with the fewest driven ones; null when there is none. One process at a
   * time, so that no owner gets more than `maxPerOwner`.
   */
  async claim(driverId: string, baseModels: readonly string[], maxPerOwner: number): Promise<JobEntity | null> {
    return whenDatabaseIsBack(() =>
      this.rows.manager.transaction(async (manager) => {
        await manager.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCKS.fineTuning]);
        const driven = `(SELECT count(*) FROM fine_tuning_jobs other
          WHERE other.owner = job.owner AND other.status = ANY($2) AND other.driven_until > now())`;
        const [claimed]: [{ id: string }[], number] = await manager.query(
          `UPDATE fine_tuning_jobs SET driver_id = $1, lease = lease + 1, driven_until = now() + make_interval(secs => $4)
           WHERE id = (
             SELECT id FROM fine_tuning_jobs job
             WHERE status = ANY($2) AND base_model = ANY($5) AND (driven_until IS NULL OR driven_until <= now()) AND ${driven} < $3
             ORDER BY ${driven}, position LIMIT 1 FOR UPDATE SKIP LOCKED)
           RETURNING id`,
          [driverId, DRIVEN, maxPerOwner, LEASE_S, baseModels],
        );
        return claimed[0] === undefined ? null : manager.findOneBy(JobEntity, { id: claimed[0].id });
      }),
    );
  }

  /** @throws LeaseLostError when another driver has taken the job */
  async renew({ id, lease }: DrivenJob): Promise<JobView> {
    const [rows]: [JobView[], number] = await whenDatabaseIsBack(() =>
      this.rows.manager.query(
        `UPDATE fine_tuning_jobs SET driven_until = now() + make_interval(secs => $3)
         WHERE id = $1 AND lease = $2 RETURNING status, owner`,
        [id, lease, LEASE_S],
      ),
    );
    return viewOf(id, rows);
  }

  /** Lets another driver take it at once. */
  async release({ id, lease }: DrivenJob): Promise<void> {
    await this.rows.manager.query(
      `UPDATE fine_tuning_jobs SET driver_id = NULL, driven_until = NULL WHERE id = $1 AND lease = $2`,
      [id, lease],
    );
  }

  /**
   * Writes what a driver has to say. A status is changed only where the job is in one of `from`: otherwise nothing is
   * written. Repeated after an outage, it finds its events there.
   * @throws LeaseLostError
   */
  async record(job: DrivenJob, { status, from, columns = {}, events = [], checkpoint }: JobRecord): Promise<JobView> {
    const { validated, progress, error, resultFile, estimatedFinish } = columns;
    const rows: (JobView & { written: boolean })[] = await whenDatabaseIsBack(() =>
      this.rows.manager.query(
        `WITH held AS (
           SELECT id, status, owner, ($3::text IS NULL OR status = ANY($4::text[])) AS written
           FROM fine_tuning_jobs WHERE id = $1 AND lease = $2 FOR UPDATE),
         changed AS (
           UPDATE fine_tuning_jobs job SET
             status = coalesce($3, job.status),
             finished_at = CASE WHEN $3 = ANY($5) THEN now() ELSE job.finished_at END,
             validated = coalesce($6, job.validated),
             progress = coalesce($7::jsonb, job.progress),
             error = coalesce($8::jsonb, job.error),
             result_file = coalesce($9, job.result_file),
             estimated_finish = $10,
             driven_until = now() + make_interval(secs => $11)
           FROM held WHERE job.id = held.id AND held.written RETURNING job.id, job.owner),
         saved AS (
           INSERT INTO fine_tuning_checkpoints (job_id, epoch, step, path, metrics)
           SELECT changed.id, saved.epoch, saved.step, saved.path, saved.metrics
           FROM changed, jsonb_to_recordset($12::jsonb) AS saved (epoch integer, step integer, path text, metrics jsonb)
           ON CONFLICT DO NOTHING),
         ${recordEvents('$13')}, ${tellWebhooksOfJobs('$3::text')}
         SELECT CASE WHEN held.written THEN coalesce($3, held.status) ELSE held.status END AS status, held.owner
         FROM held LEFT JOIN news ON true`,
        [
          job.id,
          job.lease,
          status ?? null,
          from ?? [],
          FINISHED,
          validated ?? null,
          progress === undefined ? null : JSON.stringify(progress),
          error ? JSON.stringify(error) : null,
          resultFile ?? null,
          estimatedFinish ?? null,
          LEASE_S,
          JSON.stringify(checkpoint ? [checkpoint] : []),
          JSON.stringify(events),
        ],
      ),
    );
    return viewOf(job.id, rows);
  }
}

function viewOf(id: string, [row]: readonly JobView[]): JobView {
  if (!row) throw new LeaseLostError(id);
  return row;
}
