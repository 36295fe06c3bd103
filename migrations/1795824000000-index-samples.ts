import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Finds the requests of a sampling session that are settled and have no number yet, beside those that have one. */
export class IndexSamples1795824000000 implements MigrationInterface {
  name = 'IndexSamples1795824000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX futures_completion`);
    await runner.query(`CREATE INDEX futures_sampler ON futures (sampler_id, completion) WHERE sampler_id IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX futures_sampler`);
    await runner.query(
      `CREATE INDEX futures_completion ON futures (sampler_id, completion) WHERE completion IS NOT NULL`,
    );
  }
}
