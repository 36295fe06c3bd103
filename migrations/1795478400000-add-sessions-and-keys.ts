import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Sessions and sampling sessions of the Tinker API, API keys with an owner on everything a key makes, and what
 * checkpoints and requests need beside that.
 */
export class AddSessionsAndKeys1795478400000 implements MigrationInterface {
  name = 'AddSessionsAndKeys1795478400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE adapters
        ADD owner text NOT NULL DEFAULT '',
        ADD session_id text,
        ADD user_metadata jsonb`);
    // Two keys may use one name: neither learns of the other's.
    await runner.query(`DROP INDEX adapters_live_model_id`);
    await runner.query(
      `CREATE UNIQUE INDEX adapters_live_model_id ON adapters (owner, model_id) WHERE deleted_at IS NULL`,
    );
    await runner.query(`CREATE INDEX adapters_session ON adapters (session_id) WHERE session_id IS NOT NULL`);
    await runner.query(`
      ALTER TABLE futures
        ADD owner text NOT NULL DEFAULT '',
        ADD idempotency_key text,
        ADD CONSTRAINT futures_idempotency_key UNIQUE (idempotency_key)`);
    await runner.query(`
      ALTER TABLE checkpoints
        ADD owner text NOT NULL DEFAULT '',
        ADD public boolean NOT NULL DEFAULT false,
        ADD user_metadata jsonb`);
    await runner.query(`
      CREATE TABLE sessions (
        id text NOT NULL,
        owner text NOT NULL,
        tags jsonb NOT NULL,
        user_metadata jsonb,
        sdk_version text NOT NULL,
        project_id text,
        created_at timestamptz NOT NULL DEFAULT now(),
        heartbeat_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz,
        CONSTRAINT sessions_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`CREATE INDEX sessions_open ON sessions (heartbeat_at) WHERE ended_at IS NULL`);
    await runner.query(`
      CREATE TABLE sampling_sessions (
        id text NOT NULL,
        owner text NOT NULL,
        session_id text NOT NULL,
        seq_id bigint,
        request_id text,
        base_model text NOT NULL,
        model_path text,
        checkpoint_id text,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT sampling_sessions_pkey PRIMARY KEY (id),
        CONSTRAINT sampling_sessions_seq UNIQUE (session_id, seq_id),
        CONSTRAINT sampling_sessions_request UNIQUE (request_id),
        CONSTRAINT sampling_sessions_session_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE api_keys (
        id text NOT NULL,
        name text NOT NULL,
        hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        revoked_at timestamptz,
        CONSTRAINT api_keys_pkey PRIMARY KEY (id),
        CONSTRAINT api_keys_hash UNIQUE (hash)
      )`);
    // What every API process must agree on: the secret that download links are signed with.
    await runner.query(`
      CREATE TABLE settings (
        name text NOT NULL,
        value text NOT NULL,
        CONSTRAINT settings_pkey PRIMARY KEY (name)
      )`);
    await runner.query(
      `INSERT INTO settings VALUES ('link_secret', gen_random_uuid()::text || gen_random_uuid()::text)`,
    );
  }

  /** Fails when two keys have adapters of one name: the schema before could not hold both. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE settings`);
    await runner.query(`DROP TABLE api_keys`);
    await runner.query(`DROP TABLE sampling_sessions`);
    await runner.query(`DROP TABLE sessions`);
    await runner.query(`ALTER TABLE checkpoints DROP owner, DROP public, DROP user_metadata`);
    await runner.query(`ALTER TABLE futures DROP owner, DROP idempotency_key`);
    await runner.query(`DROP INDEX adapters_session`);
    await runner.query(`DROP INDEX adapters_live_model_id`);
    await runner.query(`ALTER TABLE adapters DROP owner, DROP session_id, DROP user_metadata`);
    await runner.query(`CREATE UNIQUE INDEX adapters_live_model_id ON adapters (model_id) WHERE deleted_at IS NULL`);
  }
}
