import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** How many processes a worker's engine has. Workers of earlier versions have one. */
export class AddRanks1796428800000 implements MigrationInterface {
  name = 'AddRanks1796428800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE workers ADD COLUMN ranks integer NOT NULL DEFAULT 1`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE workers DROP COLUMN ranks`);
  }
}
