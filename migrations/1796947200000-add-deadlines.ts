import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** When clients give their requests up. */
export class AddDeadlines1796947200000 implements MigrationInterface {
  name = 'AddDeadlines1796947200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE futures ADD COLUMN deadline timestamptz`);
    await runner.query(
      `CREATE INDEX futures_deadline ON futures (deadline) WHERE deadline IS NOT NULL AND status = 'pending'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX futures_deadline`);
    await runner.query(`ALTER TABLE futures DROP COLUMN deadline`);
  }
}
