import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What operators order workers to do, and indexes for the lists in which operators look for operations. */
export class AddAdministration1796774500000 implements MigrationInterface {
  name = 'AddAdministration1796774500000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE workers ADD COLUMN draining_since timestamptz`);
    await runner.query(`
      CREATE TABLE queue_pauses (
        queue text NOT NULL,
        reason text,
        paused_by text NOT NULL,
        paused_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT queue_pauses_pkey PRIMARY KEY (queue)
      )`);
    await runner.query(`CREATE INDEX futures_owner ON futures (owner, position)`);
    await runner.query(`CREATE INDEX futures_kind ON futures (kind, position)`);
    await runner.query(`CREATE INDEX futures_failed ON futures (position) WHERE status = 'failed'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX futures_failed`);
    await runner.query(`DROP INDEX futures_kind`);
    await runner.query(`DROP INDEX futures_owner`);
    await runner.query(`DROP TABLE queue_pauses`);
    await runner.query(`ALTER TABLE workers DROP COLUMN draining_since`);
  }
}
