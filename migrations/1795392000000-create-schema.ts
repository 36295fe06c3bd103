import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Adapters, their operation log (futures), checkpoints with sampler snapshots, and workers.
 */
export class CreateSchema1795392000000 implements MigrationInterface {
  name = 'CreateSchema1795392000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE adapters (
        id text NOT NULL,
        model_id text NOT NULL,
        base_model text NOT NULL,
        lora jsonb NOT NULL,
        rank integer NOT NULL,
        trainable_params bigint NOT NULL,
        step integer NOT NULL DEFAULT 0,
        has_gradients boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_used_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz,
        state_path text,
        state_position bigint NOT NULL DEFAULT 0,
        CONSTRAINT adapters_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`CREATE UNIQUE INDEX adapters_live_model_id ON adapters (model_id) WHERE deleted_at IS NULL`);

    // A repeat of a request is found by (adapter_id, seq_id). The adapter's id stands there in place of the client's
    // model name because a name can be used again after its adapter is deleted, and the new adapter counts from zero.
    await runner.query(`
      CREATE TABLE futures (
        request_id text NOT NULL,
        position bigserial NOT NULL,
        adapter_id text,
        model_id text NOT NULL,
        base_model text NOT NULL,
        kind text NOT NULL,
        seq_id bigint,
        status text NOT NULL DEFAULT 'pending',
        request bytea NOT NULL,
        request_hash bytea NOT NULL,
        result bytea,
        error jsonb,
        attempts integer NOT NULL DEFAULT 0,
        worker_id text,
        created_at timestamptz NOT NULL DEFAULT now(),
        started_at timestamptz,
        finished_at timestamptz,
        CONSTRAINT futures_pkey PRIMARY KEY (request_id),
        CONSTRAINT futures_position UNIQUE (position),
        CONSTRAINT futures_adapter_seq UNIQUE (adapter_id, seq_id),
        CONSTRAINT futures_adapter_fkey FOREIGN KEY (adapter_id) REFERENCES adapters (id) ON DELETE RESTRICT
      )`);
    // Numbers are noise to a compressor: storing them as they are saves the time of trying.
    await runner.query(`ALTER TABLE futures ALTER COLUMN request SET STORAGE EXTERNAL`);
    await runner.query(`ALTER TABLE futures ALTER COLUMN result SET STORAGE EXTERNAL`);
    // The log of an adapter, and the short part of it that is still open: waiting lines are read from the second.
    await runner.query(`CREATE INDEX futures_log ON futures (adapter_id, position)`);
    await runner.query(
      `CREATE INDEX futures_line ON futures (adapter_id, position) WHERE status IN ('pending', 'running')`,
    );
    await runner.query(`CREATE INDEX futures_finished ON futures (finished_at) WHERE finished_at IS NOT NULL`);

    await runner.query(`
      CREATE TABLE checkpoints (
        id text NOT NULL,
        adapter_id text NOT NULL,
        model_id text NOT NULL,
        kind text NOT NULL,
        name text NOT NULL,
        path text NOT NULL,
        base_model text NOT NULL,
        lora jsonb NOT NULL,
        step integer NOT NULL,
        size_bytes bigint NOT NULL,
        with_optimizer boolean NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz,
        CONSTRAINT checkpoints_pkey PRIMARY KEY (id),
        CONSTRAINT checkpoints_adapter_kind_name UNIQUE (adapter_id, kind, name),
        CONSTRAINT checkpoints_adapter_fkey FOREIGN KEY (adapter_id) REFERENCES adapters (id) ON DELETE RESTRICT
      )`);
    await runner.query(`CREATE INDEX checkpoints_expiry ON checkpoints (expires_at) WHERE expires_at IS NOT NULL`);

    await runner.query(`
      CREATE TABLE workers (
        id text NOT NULL,
        hostname text NOT NULL,
        pid integer NOT NULL,
        engine text NOT NULL,
        device text NOT NULL,
        max_rank integer NOT NULL,
        base_models jsonb NOT NULL,
        status text NOT NULL DEFAULT 'standby',
        started_at timestamptz NOT NULL DEFAULT now(),
        heartbeat_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT workers_pkey PRIMARY KEY (id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE workers`);
    await runner.query(`DROP TABLE checkpoints`);
    await runner.query(`DROP TABLE futures`);
    await runner.query(`DROP TABLE adapters`);
  }
}
