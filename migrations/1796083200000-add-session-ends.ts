import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Names of sessions, and why their clients ended them: both are shown by the search for sessions. */
export class AddSessionEnds1796083200000 implements MigrationInterface {
  name = 'AddSessionEnds1796083200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sessions
        ADD COLUMN display_name text,
        ADD COLUMN finish_reason text,
        ADD COLUMN finish_detail text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sessions DROP COLUMN display_name, DROP COLUMN finish_reason, DROP COLUMN finish_detail`);
  }
}
