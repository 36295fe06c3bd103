import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What each key may use, and what it has used in the minute and the day that last. */
export class AddKeyLimits1796774600000 implements MigrationInterface {
  name = 'AddKeyLimits1796774600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE api_keys ADD COLUMN limits jsonb NOT NULL DEFAULT '{}'`);
    await runner.query(`
      CREATE TABLE key_windows (
        key_id text NOT NULL,
        minute timestamptz NOT NULL,
        minute_requests bigint NOT NULL,
        minute_tokens bigint NOT NULL,
        day timestamptz NOT NULL,
        day_requests bigint NOT NULL,
        day_tokens bigint NOT NULL,
        CONSTRAINT key_windows_pkey PRIMARY KEY (key_id)
      )`);
    await runner.query(`CREATE INDEX futures_open ON futures (owner) WHERE status IN ('pending', 'running')`);
    await runner.query(`CREATE INDEX futures_failed_owner ON futures (owner, position) WHERE status = 'failed'`);
    await runner.query(`CREATE INDEX futures_model ON futures (model_id, position) WHERE adapter_id IS NULL`);
    await runner.query(`CREATE INDEX usage_hours_hour ON usage_hours (hour)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX usage_hours_hour`);
    await runner.query(`DROP INDEX futures_model`);
    await runner.query(`DROP INDEX futures_failed_owner`);
    await runner.query(`DROP INDEX futures_open`);
    await runner.query(`DROP TABLE key_windows`);
    await runner.query(`ALTER TABLE api_keys DROP COLUMN limits`);
  }
}
