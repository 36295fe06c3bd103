import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What a key may do, until when, and how urgent its operations are. Keys that exist keep all of their rights. */
export class AddKeyScopes1796774400000 implements MigrationInterface {
  name = 'AddKeyScopes1796774400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE api_keys
        ADD COLUMN scopes text[] NOT NULL DEFAULT '{train,sample,read}',
        ADD COLUMN expires_at timestamptz,
        ADD COLUMN last_used_at timestamptz,
        ADD COLUMN priority smallint NOT NULL DEFAULT 0`);
    await runner.query(`ALTER TABLE futures ADD COLUMN priority smallint NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE futures DROP COLUMN priority`);
    await runner.query(`
      ALTER TABLE api_keys
        DROP COLUMN priority,
        DROP COLUMN last_used_at,
        DROP COLUMN expires_at,
        DROP COLUMN scopes`);
  }
}
