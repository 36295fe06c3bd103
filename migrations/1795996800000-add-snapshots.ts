import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Several state snapshots per adapter, each with its digest, in place of the newest one alone. */
export class AddSnapshots1795996800000 implements MigrationInterface {
  name = 'AddSnapshots1795996800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE adapter_snapshots (
        adapter_id text NOT NULL,
        position bigint NOT NULL,
        lease bigint NOT NULL,
        step integer NOT NULL,
        path text NOT NULL,
        size_bytes bigint NOT NULL,
        digest text,
        pinned boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT adapter_snapshots_pkey PRIMARY KEY (adapter_id, position),
        CONSTRAINT adapter_snapshots_adapter_fkey FOREIGN KEY (adapter_id) REFERENCES adapters (id) ON DELETE RESTRICT
      )`);
    // Of the snapshots there are, size and digest are not known, and only the step of the last operation they contain.
    await runner.query(`
      INSERT INTO adapter_snapshots (adapter_id, position, lease, step, path, size_bytes, pinned)
      SELECT id, state_position, lease, step, state_path, 0, state_position = 0 FROM adapters
      WHERE state_path IS NOT NULL AND deleted_at IS NULL`);
    await runner.query(`ALTER TABLE adapters ADD origin jsonb, ADD diverged_at_step integer`);
    // One that was imported cannot be told any more from one that began with fresh weights.
    await runner.query(`UPDATE adapters SET origin = '{"kind": "stored"}' WHERE state_path IS NOT NULL`);
    await runner.query(`ALTER TABLE adapters DROP state_path, DROP state_position`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE adapters
        DROP origin,
        DROP diverged_at_step,
        ADD state_path text,
        ADD state_position bigint NOT NULL DEFAULT 0`);
    await runner.query(`
      UPDATE adapters SET state_path = newest.path, state_position = newest.position
      FROM (SELECT DISTINCT ON (adapter_id) adapter_id, path, position FROM adapter_snapshots
            ORDER BY adapter_id, position DESC) newest
      WHERE adapters.id = newest.adapter_id`);
    await runner.query(`DROP TABLE adapter_snapshots`);
  }
}
