import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Names that stand for adapters, base models or sampler weights, with all that they have stood for. */
export class AddAliases1796688000000 implements MigrationInterface {
  name = 'AddAliases1796688000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE alias_versions (
        owner text NOT NULL,
        name text NOT NULL,
        version integer NOT NULL,
        target text NOT NULL,
        base_model text NOT NULL,
        change text NOT NULL,
        previous integer,
        evaluation jsonb,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT alias_versions_pkey PRIMARY KEY (owner, name, version)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE alias_versions`);
  }
}
