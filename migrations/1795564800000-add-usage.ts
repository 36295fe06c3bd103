import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Usage by the hour, which outlives the requests it was counted from; and of each request its session and, for
 * samples, its sampling session with its place in the order in which that one's requests were settled.
 */
export class AddUsage1795564800000 implements MigrationInterface {
  name = 'AddUsage1795564800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE usage_hours (
        owner text NOT NULL,
        hour timestamptz NOT NULL,
        session_id text NOT NULL,
        model_id text NOT NULL,
        base_model text NOT NULL,
        kind text NOT NULL,
        requests bigint NOT NULL,
        prompt_tokens bigint NOT NULL,
        trained_tokens bigint NOT NULL,
        sampled_tokens bigint NOT NULL,
        running_ms bigint NOT NULL,
        CONSTRAINT usage_hours_pkey PRIMARY KEY (owner, hour, session_id, model_id, base_model, kind)
      )`);
    await runner.query(`ALTER TABLE futures ADD session_id text, ADD sampler_id text, ADD completion bigint`);
    await runner.query(`
      UPDATE futures SET session_id = adapters.session_id
      FROM adapters WHERE adapters.id = futures.adapter_id AND adapters.session_id IS NOT NULL`);
    await runner.query(`CREATE INDEX futures_session ON futures (session_id, position) WHERE session_id IS NOT NULL`);
    await runner.query(
      `CREATE INDEX futures_completion ON futures (sampler_id, completion) WHERE completion IS NOT NULL`,
    );
    await runner.query(`ALTER TABLE sampling_sessions ADD completions bigint NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE sampling_sessions DROP completions`);
    await runner.query(`ALTER TABLE futures DROP session_id, DROP sampler_id, DROP completion`);
    await runner.query(`DROP TABLE usage_hours`);
  }
}
