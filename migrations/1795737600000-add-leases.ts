import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Leases of adapters to workers, in place of one computing worker at a time; what each operation did to its adapter;
 * how often a request has ended its worker.
 */
export class AddLeases1795737600000 implements MigrationInterface {
  name = 'AddLeases1795737600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE adapters
        ADD worker_id text,
        ADD lease bigint NOT NULL DEFAULT 0`);
    await runner.query(`CREATE INDEX adapters_worker ON adapters (worker_id) WHERE worker_id IS NOT NULL`);
    await runner.query(`
      ALTER TABLE futures
        ADD deaths integer NOT NULL DEFAULT 0,
        ADD step integer,
        ADD digest text`);
    // Rows of workers that run now: each writes its own again with the next heartbeat.
    await runner.query(`DELETE FROM workers`);
    await runner.query(`ALTER TABLE workers DROP status, ADD lock_key integer NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE workers DROP lock_key, ADD status text NOT NULL DEFAULT 'standby'`);
    await runner.query(`ALTER TABLE futures DROP deaths, DROP step, DROP digest`);
    await runner.query(`DROP INDEX adapters_worker`);
    await runner.query(`ALTER TABLE adapters DROP worker_id, DROP lease`);
  }
}
