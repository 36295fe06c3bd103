import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppConfig } from '../../src/config/app-config.js';
import { dataSourceOptions } from '../../src/data-source.options.js';
import { NO_PROGRESS } from '../../src/modules/fine-tuning/driver/job-progress.js';
import { JobEntity } from '../../src/modules/fine-tuning/entities/job.entity.js';
import { LeaseLostError } from '../../src/modules/fine-tuning/errors/lease-lost.error.js';
import { infoEvent } from '../../src/modules/fine-tuning/job-event.js';
import { JobDriveRepository } from '../../src/modules/fine-tuning/repositories/job-drive.repository.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';

const MODELS = ['base'];

describe('leases of fine-tuning jobs', () => {
  let database: TestDatabase;
  let source: DataSource;
  let drive: JobDriveRepository;

  beforeAll(async () => {
    database = await createTestDatabase();
    source = await new DataSource(dataSourceOptions(AppConfig.fromEnv({ DATABASE_URL: database.url }))).initialize();
    await source.runMigrations();
    drive = new JobDriveRepository(source.getRepository(JobEntity));
  });
  beforeEach(() => database.query('TRUNCATE fine_tuning_jobs CASCADE'));
  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  async function insert(...jobs: readonly (Pick<JobEntity, 'id'> & Partial<JobEntity>)[]): Promise<void> {
    for (const job of jobs) {
      const row = { status: 'queued', baseModel: 'base', modelId: `ft:${job.id}`, trainingFile: 'file-1' } as const;
      const run = { method: 'supervised', settings: {}, seed: 1, progress: NO_PROGRESS } as const;
      await source.getRepository(JobEntity).insert({ ...row, ...run, ...job });
    }
  }
  const claim = async (driver: string, most = 10) => (await drive.claim(driver, MODELS, most))?.id;
  /** As when its driver has said nothing for too long. */
  const end = () => database.query(`UPDATE fine_tuning_jobs SET driven_until = now() - interval '1 second'`);

  it('gives each job to one driver, and none to those who lack its base model', async () => {
    await insert({ id: 'ftjob-1' }, { id: 'ftjob-2' }, { id: 'ftjob-3', baseModel: 'other' });
    const taken = await Promise.all(['a', 'b', 'c', 'd'].map((driver) => claim(driver)));
    expect(taken.filter((id) => id !== undefined).sort()).toEqual(['ftjob-1', 'ftjob-2']);
  });

  it('lets another driver go on when one says nothing, and refuses what the first one writes then', async () => {
    await insert({ id: 'ftjob-1' });
    const first = (await drive.claim('a', MODELS, 10))!;
    expect(await claim('b')).toBeUndefined();
    await end();
    // Late, but nobody has taken it.
    await drive.renew(first);
    expect(await claim('b')).toBeUndefined();
    await end();
    const second = (await drive.claim('b', MODELS, 10))!;
    const progress = { ...NO_PROGRESS, position: 1 };
    await expect(drive.renew(first)).rejects.toThrow(LeaseLostError);
    const late = drive.record(first, { columns: { progress }, events: [infoEvent('late')] });
    await expect(late).rejects.toThrow(LeaseLostError);
    expect(await database.query('SELECT message FROM fine_tuning_events')).toEqual([]);
    // Its end is no reason to take the job from its new driver.
    await drive.release(first);
    expect(await claim('c')).toBeUndefined();
    await drive.record(second, { columns: { progress }, events: [infoEvent('in time', 'once')] });
    await drive.record(second, { columns: { progress }, events: [infoEvent('in time', 'once')] });
    expect(await database.query('SELECT message FROM fine_tuning_events')).toEqual([{ message: 'in time' }]);
    await drive.release(second);
    expect(await drive.claim('c', MODELS, 10)).toMatchObject({ id: 'ftjob-1', progress, driverId: 'c' });
  });

  it('runs as many jobs of a key as it may, and takes turns between keys', async () => {
    const of = (owner: string, ...ids: string[]) => ids.map((id) => ({ id, owner }));
    await insert(...of('ann', 'ftjob-a1', 'ftjob-a2', 'ftjob-a3'), ...of('bob', 'ftjob-b1'));
    const taken = [];
    for (let i = 0; i < 5; i++) taken.push(await claim(`driver ${i}`, 2));
    expect(taken).toEqual(['ftjob-a1', 'ftjob-b1', 'ftjob-a2', undefined, undefined]);
    await database.query(`UPDATE fine_tuning_jobs SET status = 'paused' WHERE id = 'ftjob-a1'`);
    expect(await claim('driver 5', 2)).toBe('ftjob-a3');
  });
});
