import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Who published a path first: it stays theirs, so that no other key's weights can take the place of what readers trust. */
export class AddPublicPaths1796256000000 implements MigrationInterface {
  name = 'AddPublicPaths1796256000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE public_paths (
        model_id text NOT NULL,
        kind text NOT NULL,
        name text NOT NULL,
        owner text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT public_paths_pkey PRIMARY KEY (model_id, kind, name)
      )`);
    // Until now the checkpoint of the oldest adapter was read.
    await runner.query(`
      INSERT INTO public_paths (model_id, kind, name, owner)
      SELECT DISTINCT ON (checkpoints.model_id, checkpoints.kind, checkpoints.name)
        checkpoints.model_id, checkpoints.kind, checkpoints.name, checkpoints.owner
      FROM checkpoints JOIN adapters ON adapters.id = checkpoints.adapter_id
      WHERE checkpoints.public
      ORDER BY checkpoints.model_id, checkpoints.kind, checkpoints.name, adapters.created_at`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE public_paths`);
  }
}
