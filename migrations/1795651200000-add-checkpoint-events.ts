import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What was done with checkpoints beside saving and loading them: those are no requests of the log. */
export class AddCheckpointEvents1795651200000 implements MigrationInterface {
  name = 'AddCheckpointEvents1795651200000';

  async up(runner: QueryRunner): Promise<void> {
    // No foreign keys: an event outlives the checkpoint that it is about.
    await runner.query(`
      CREATE TABLE checkpoint_events (
        id bigserial NOT NULL,
        owner text NOT NULL,
        event text NOT NULL,
        model_id text NOT NULL,
        path text NOT NULL,
        details jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT checkpoint_events_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`CREATE INDEX checkpoint_events_log ON checkpoint_events (owner, created_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE checkpoint_events`);
  }
}
