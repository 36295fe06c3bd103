import { type DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from '../migrations/index.js';
import { type AppConfig } from './config/app-config.js';
import { AfterCommitSubscriber } from './database/after-commit.js';
import { ENTITIES } from './entities.js';
import { PatientPool } from './database/patient-pool.js';

/** A process that is stopped or cut off within a transaction keeps its locks this long; then Postgres ends the session. */
const IDLE_IN_TRANSACTION_MS = 5000;

/** The same for one whose machine is gone, or that takes no answers in, while a statement of it runs. */
const PEER_CHECKS = {
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 2,
  tcp_keepalives_count: 3,
  tcp_user_timeout: 10_000,
};

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
    extra: {
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      options: Object.entries(PEER_CHECKS)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    },
  };
}
