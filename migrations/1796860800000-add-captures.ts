import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Sampling requests that are kept with their results, what people think of the answers, and who wants that. */
export class AddCaptures1796860800000 implements MigrationInterface {
  name = 'AddCaptures1796860800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE capture_settings (
        owner text NOT NULL,
        enabled boolean NOT NULL,
        retention_days integer NOT NULL,
        CONSTRAINT capture_settings_pkey PRIMARY KEY (owner)
      )`);
    await runner.query(`
      CREATE TABLE captures (
        id text NOT NULL,
        owner text NOT NULL,
        model text NOT NULL,
        base_model text NOT NULL,
        input text NOT NULL,
        metadata jsonb NOT NULL,
        prompt bytea NOT NULL,
        choices integer NOT NULL,
        result bytea,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT captures_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`CREATE INDEX captures_page ON captures (owner, id)`);
    await runner.query(`CREATE INDEX captures_open ON captures (created_at) WHERE result IS NULL`);
    await runner.query(`
      CREATE TABLE capture_feedback (
        capture_id text NOT NULL,
        choice integer NOT NULL,
        thumb text,
        score double precision,
        correction text,
        note text,
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT capture_feedback_pkey PRIMARY KEY (capture_id, choice),
        CONSTRAINT capture_feedback_capture FOREIGN KEY (capture_id) REFERENCES captures (id) ON DELETE CASCADE
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE capture_feedback`);
    await runner.query(`DROP TABLE captures`);
    await runner.query(`DROP TABLE capture_settings`);
  }
}
