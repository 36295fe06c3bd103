import { type DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from '../../migrations/index.js';
import { type AppConfig } from '../config/app-config.js';
import { AfterCommitSubscriber } from './after-commit.js';
import { ENTITIES } from './entities.js';
import { PatientPool } from './patient-pool.js';

/** How the application and the migration tool both reach the database. */
export function dataSourceOptions(config: AppConfig): DataSourceOptions {
  return {
    type: 'postgres',
    url: config.databaseUrl,
    driver: { Pool: PatientPool },
    entities: ENTITIES,
    migrations: MIGRATIONS,
    subscribers: [AfterCommitSubscriber],
    // The schema changes through migrations only.
    synchronize: false,
    migrationsRun: false,
    uuidExtension: 'pgcrypto',
    applicationName: `thinker ${config.role}`,
    poolSize: config.databasePoolSize,
    extra: { connectionTimeoutMillis: 10_000 },
  };
}
