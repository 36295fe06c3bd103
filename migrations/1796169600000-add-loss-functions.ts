import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Losses that clients write as formulas. `json` and not `jsonb`: the order of the formulas in "let" counts. */
export class AddLossFunctions1796169600000 implements MigrationInterface {
  name = 'AddLossFunctions1796169600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE loss_functions (
        owner text NOT NULL,
        name text NOT NULL,
        version integer NOT NULL,
        definition json,
        metadata json,
        created_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz,
        CONSTRAINT loss_functions_pkey PRIMARY KEY (owner, name, version)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE loss_functions`);
  }
}
