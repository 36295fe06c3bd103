import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Files of training data and of results. */
export class AddFiles1796515200000 implements MigrationInterface {
  name = 'AddFiles1796515200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE files (
        id text NOT NULL,
        owner text NOT NULL,
        filename text NOT NULL,
        purpose text NOT NULL,
        bytes bigint NOT NULL,
        kind text,
        rows integer,
        unit text,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz,
        CONSTRAINT files_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`CREATE INDEX files_page ON files (owner, created_at, id)`);
    await runner.query(`CREATE INDEX files_expiry ON files (expires_at) WHERE expires_at IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE files`);
  }
}
