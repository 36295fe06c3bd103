import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Secrets of webhooks that others have taken the place of, for as long as both are valid. */
export class AddPreviousWebhookSecrets1798000200000 implements MigrationInterface {
  name = 'AddPreviousWebhookSecrets1798000200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE webhooks ADD COLUMN previous_secret text, ADD COLUMN previous_secret_expires_at timestamptz`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE webhooks DROP COLUMN previous_secret_expires_at, DROP COLUMN previous_secret`);
  }
}
