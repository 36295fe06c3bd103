import { DataSource } from 'typeorm';
import { type AppConfig } from './config/app-config.js';
import { dataSourceOptions } from './data-source.options.js';
import { DatabaseUnavailableError } from './database/database.error.js';
import { migrate } from './database/migrate.js';

/** For commands: the database with the schema of this version. @throws DatabaseUnavailableError */
export async function openDatabase(config: AppConfig): Promise<DataSource> {
  const dataSource = await new DataSource(dataSourceOptions(config)).initialize().catch((error: unknown) => {
    throw new DatabaseUnavailableError(config.databaseUrl, error);
  });
  try {
    await migrate(dataSource);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
