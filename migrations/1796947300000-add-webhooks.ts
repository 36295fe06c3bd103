import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Addresses that owners want to be told at, and what they are told. */
export class AddWebhooks1796947300000 implements MigrationInterface {
  name = 'AddWebhooks1796947300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE webhooks (
        id text NOT NULL,
        owner text NOT NULL DEFAULT '',
        url text NOT NULL,
        events text[] NOT NULL,
        description text,
        secret text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        failing_since timestamptz,
        disabled_at timestamptz,
        disabled_reason text,
        CONSTRAINT webhooks_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`CREATE INDEX webhooks_owner ON webhooks (owner)`);
    await runner.query(`
      CREATE TABLE webhook_deliveries (
        id text NOT NULL,
        position BIGSERIAL NOT NULL,
        webhook_id text NOT NULL,
        event text NOT NULL,
        data jsonb NOT NULL,
        status text NOT NULL DEFAULT 'pending',
        attempts integer NOT NULL DEFAULT 0,
        next_attempt_at timestamptz NOT NULL DEFAULT now(),
        response_status integer,
        error text,
        created_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id)
      )`);
    await runner.query(
      `CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_attempt_at) WHERE status = 'pending'`,
    );
    await runner.query(`CREATE INDEX webhook_deliveries_page ON webhook_deliveries (webhook_id, position)`);
    await runner.query(
      `CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE webhook_deliveries`);
    await runner.query(`DROP TABLE webhooks`);
  }
}
