import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The traces that operations belong to. */
export class AddTraces1796947400000 implements MigrationInterface {
  name = 'AddTraces1796947400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE futures ADD COLUMN traceparent text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE futures DROP COLUMN traceparent`);
  }
}
