import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { DataSource, IsNull } from 'typeorm';
import { AppError } from './common/errors/app-error.js';
import { loadConfig } from './config/load-config.js';
import { dataSourceOptions } from './database/data-source.options.js';
import { DatabaseUnavailableError } from './database/database.error.js';
import { migrate } from './database/migrate.js';
import { ApiKeyEntity, generateKey, hashKey, keyId } from './modules/keys/index.js';

/**
 * `npm run keys -- create <name> | list | revoke <id>`: the API keys in the database of DATABASE_URL. A running server
 * notices within seconds.
 */
const USAGE = 'Usage: npm run keys -- create <name> | list | revoke <id>';

async function main([command, argument, ...more]: readonly string[]): Promise<void> {
  if (more.length > 0) throw new Error(USAGE);
  // What is printed may be read by a script: no word of migrations.
  Logger.overrideLogger(['fatal', 'error', 'warn']);
  const config = loadConfig();
  const dataSource = await new DataSource(dataSourceOptions(config)).initialize().catch((error: unknown) => {
    throw new DatabaseUnavailableError(config.databaseUrl, error);
  });
  try {
    await migrate(dataSource);
    const keys = dataSource.getRepository(ApiKeyEntity);
    if (command === 'create' && argument) {
      const key = generateKey();
      const hash = hashKey(key);
      await keys.insert({ id: keyId(hash), name: argument, hash });
      console.log(`${keyId(hash)} ${argument}\n${key}\nThis is the only time that the key is shown.`);
    } else if (command === 'list') {
      for (const { id, name, createdAt, revokedAt } of await keys.find({ order: { createdAt: 'ASC' } })) {
        console.log(`${id} ${createdAt.toISOString()} ${revokedAt ? 'revoked' : 'active '} ${name}`);
      }
    } else if (command === 'revoke' && argument) {
      const { affected } = await keys.update({ id: argument, revokedAt: IsNull() }, { revokedAt: new Date() });
      if (affected !== 1) throw new Error(`There is no active key ${argument}. npm run keys -- list`);
      console.log(`${argument} is revoked.`);
    } else {
      throw new Error(USAGE);
    }
  } finally {
    await dataSource.destroy();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof AppError || error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
