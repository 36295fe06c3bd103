import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The memory of a worker, as its heartbeats tell it. Workers of earlier versions tell none. */
export class AddWorkerMemory1798300000000 implements MigrationInterface {
  name = 'AddWorkerMemory1798300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE workers ADD COLUMN memory jsonb`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE workers DROP COLUMN memory`);
  }
}
