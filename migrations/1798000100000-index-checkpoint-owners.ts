import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What the checkpoints of an owner take is added up from the index alone. */
export class IndexCheckpointOwners1798000100000 implements MigrationInterface {
  name = 'IndexCheckpointOwners1798000100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX checkpoints_owner ON checkpoints (owner, size_bytes)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX checkpoints_owner`);
  }
}
