import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { AppConfig } from '../config/app-config.js';
import { SchemaReady } from '../config/schema-ready.js';
import { DatabaseUnavailableError } from './database.error.js';
import { migrate } from './migrate.js';

/** The database connection; the schema is up to date before anything else starts. */
@Module({})
export class DatabaseModule {
  /** `optionsOf`: how the process reaches the database, with all its tables and migrations. */
  static forRoot(optionsOf: (config: AppConfig) => DataSourceOptions): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [AppConfig],
          // Retries are the starter's business (compose, systemd): a wrong address should show at once.
          useFactory: (config: AppConfig) => ({ ...optionsOf(config), retryAttempts: 0 }),
          dataSourceFactory: (options) => open(options),
        }),
      ],
      providers: [{ provide: SchemaReady, inject: [DataSource], useFactory: () => new SchemaReady() }],
      exports: [SchemaReady],
    };
  }
}

async function open(options: DataSourceOptions | undefined): Promise<DataSource> {
  if (options === undefined) throw new TypeError('the database module needs options');
  const dataSource = new DataSource(options);
  try {
    await dataSource.initialize();
    await migrate(dataSource);
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw new DatabaseUnavailableError(options.type === 'postgres' ? (options.url ?? '') : '', error);
  }
  return dataSource;
}
