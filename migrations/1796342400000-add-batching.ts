import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What a worker's engine lets requests share. Workers of earlier versions share nothing. */
export class AddBatching1796342400000 implements MigrationInterface {
  name = 'AddBatching1796342400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE workers ADD COLUMN batching text NOT NULL DEFAULT 'off'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE workers DROP COLUMN batching`);
  }
}
