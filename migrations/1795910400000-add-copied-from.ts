import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Where a run that holds a copied checkpoint has it from: a repeated request finds its first copy by it. */
export class AddCopiedFrom1795910400000 implements MigrationInterface {
  name = 'AddCopiedFrom1795910400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE adapters ADD COLUMN copied_from text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE adapters DROP COLUMN copied_from`);
  }
}
