import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { NO_OWNER } from './common/caller.js';
import { AppError } from './common/errors/app-error.js';
import { type AppConfig } from './config/app-config.js';
import { loadConfig } from './config/load-config.js';
import { dataSourceOptions } from './data-source.options.js';
import { DatabaseUnavailableError } from './database/database.error.js';
import { migrate } from './database/migrate.js';
import {
  ApiKeyEntity,
  describeBelongings,
  findOwner,
  generateKey,
  handOverAll,
  hashKey,
  hintOfKeyless,
  keyId,
} from './modules/keys/index.js';

/**
 * `npm run keys -- ...`: the API keys in the database of DATABASE_URL, and what belongs to them. A running server notices
 * within seconds.
 */
const USAGE = `Usage: npm run keys -- <command>

  create <name>         create a key, which is shown only once
  list                  list all keys and the resources of each
  revoke <id>           revoke a key; its resources are kept
  adopt <key>           assign all resources created without keys to a key
  transfer <from> <to>  transfer all resources of one key to another

Refer to a key by its name or its id (key_...); keys of API_KEYS and ADMIN_KEYS have an id too.`;

interface Command {
  readonly arguments: number;
  run(context: { manager: EntityManager; config: AppConfig }, ...given: string[]): Promise<void>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  create: { arguments: 1, run: ({ manager }, name = '') => create(manager, name) },
  list: { arguments: 0, run: ({ manager }) => list(manager) },
  revoke: { arguments: 1, run: ({ manager }, id = '') => revoke(manager, id) },
  adopt: { arguments: 1, run: ({ manager, config }, to = '') => transfer(manager, config, null, to) },
  transfer: { arguments: 2, run: ({ manager, config }, from = '', to = '') => transfer(manager, config, from, to) },
};

async function create(manager: EntityManager, name: string): Promise<void> {
  const key = generateKey();
  const hash = hashKey(key);
  await manager.insert(ApiKeyEntity, { id: keyId(hash), name, hash });
  console.log(`${keyId(hash)} ${name}\n${key}\nThe key is shown only this once.`);
  const hint = await hintOfKeyless(manager);
  if (hint !== null) console.error(hint);
}

async function list(manager: EntityManager): Promise<void> {
  for (const { id, name, createdAt, revokedAt } of await manager.find(ApiKeyEntity, { order: { createdAt: 'ASC' } })) {
    console.log(`${id} ${createdAt.toISOString()} ${revokedAt ? 'revoked' : 'active '} ${name}`);
  }
  const hint = await hintOfKeyless(manager);
  if (hint !== null) console.error(hint);
}

async function revoke(manager: EntityManager, id: string): Promise<void> {
  const { affected } = await manager.update(ApiKeyEntity, { id, revokedAt: IsNull() }, { revokedAt: new Date() });
  if (affected !== 1) throw new Error(`There is no active key ${id}. List the keys with: npm run keys -- list`);
  console.log(`${id} is revoked.`);
}

/** @param from null: what was made without keys */
async function transfer(manager: EntityManager, config: AppConfig, from: string | null, to: string): Promise<void> {
  const source = from === null ? NO_OWNER : await findOwner(from, { mayBeGone: true, config, manager });
  const target = await findOwner(to, { mayBeGone: false, config, manager });
  if (source === target) throw new Error(`${from} and ${to} are the same key.`);
  const what = describeBelongings(await handOverAll(source, target, manager));
  const whose = from === null ? 'was created without keys' : `belongs to ${from}`;
  console.log(what === null ? `Nothing ${whose}.` : `Transferred to ${to} (${target}): ${what}.`);
}

async function main([name = '', ...given]: readonly string[]): Promise<void> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command || given.length !== command.arguments || given.includes('')) throw new Error(USAGE);
  // What is printed may be read by a script: no word of migrations.
  Logger.overrideLogger(['fatal', 'error', 'warn']);
  const config = loadConfig();
  const dataSource = await new DataSource(dataSourceOptions(config)).initialize().catch((error: unknown) => {
    throw new DatabaseUnavailableError(config.databaseUrl, error);
  });
  try {
    await migrate(dataSource);
    await command.run({ manager: dataSource.manager, config }, ...given);
  } finally {
    await dataSource.destroy();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof AppError || error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
