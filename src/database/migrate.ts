import { Logger } from '@nestjs/common';
import { type DataSource } from 'typeorm';
import { ADVISORY_LOCKS } from './advisory-locks.js';

/** Brings the schema up to date. Several processes may start at once: one migrates, the others wait for it. */
export async function migrate(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.migrations]);
    const done = await dataSource.runMigrations({ transaction: 'each' });
    for (const migration of done) new Logger('Database').log(`Ran migration ${migration.name}`);
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCKS.migrations]);
    await runner.release();
  }
}
