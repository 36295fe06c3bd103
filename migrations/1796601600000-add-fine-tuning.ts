import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Fine-tuning jobs, with what happened to each and the checkpoints that it saved. */
export class AddFineTuning1796601600000 implements MigrationInterface {
  name = 'AddFineTuning1796601600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE fine_tuning_jobs (
        id text NOT NULL,
        position bigserial NOT NULL,
        owner text NOT NULL DEFAULT '',
        status text NOT NULL,
        validated boolean NOT NULL DEFAULT false,
        base_model text NOT NULL,
        model_id text NOT NULL,
        training_file text NOT NULL,
        validation_file text,
        method text NOT NULL,
        settings jsonb NOT NULL,
        seed integer NOT NULL,
        metadata jsonb,
        progress jsonb NOT NULL,
        error jsonb,
        result_file text,
        estimated_finish timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        driver_id text,
        driven_until timestamptz,
        lease bigint NOT NULL DEFAULT 0,
        CONSTRAINT fine_tuning_jobs_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`CREATE INDEX fine_tuning_jobs_owner ON fine_tuning_jobs (owner, position)`);
    await runner.query(`
      CREATE INDEX fine_tuning_jobs_driven ON fine_tuning_jobs (status)
      WHERE status IN ('validating_files', 'queued', 'running')`);
    await runner.query(`
      CREATE TABLE fine_tuning_events (
        position bigserial NOT NULL,
        job_id text NOT NULL,
        key text,
        type text NOT NULL,
        level text NOT NULL,
        message text NOT NULL,
        data jsonb,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT fine_tuning_events_pkey PRIMARY KEY (position),
        CONSTRAINT fine_tuning_events_key UNIQUE (job_id, key),
        CONSTRAINT fine_tuning_events_job_fkey FOREIGN KEY (job_id) REFERENCES fine_tuning_jobs (id) ON DELETE CASCADE
      )`);
    await runner.query(`CREATE INDEX fine_tuning_events_job ON fine_tuning_events (job_id, position)`);
    await runner.query(`
      CREATE TABLE fine_tuning_checkpoints (
        job_id text NOT NULL,
        epoch integer NOT NULL,
        step integer NOT NULL,
        path text NOT NULL,
        metrics jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT fine_tuning_checkpoints_pkey PRIMARY KEY (job_id, epoch),
        CONSTRAINT fine_tuning_checkpoints_job_fkey
          FOREIGN KEY (job_id) REFERENCES fine_tuning_jobs (id) ON DELETE CASCADE
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE fine_tuning_checkpoints`);
    await runner.query(`DROP TABLE fine_tuning_events`);
    await runner.query(`DROP TABLE fine_tuning_jobs`);
  }
}
