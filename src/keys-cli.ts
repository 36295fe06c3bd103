import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { NO_OWNER } from './common/caller.js';
import { AppError } from './common/errors/app-error.js';
import { NotFoundError } from './common/errors/request.errors.js';
import { type AppConfig } from './config/app-config.js';
import { loadConfig } from './config/load-config.js';
import {
  ApiKeyEntity,
  createKey,
  describeBelongings,
  findOwner,
  handOverAll,
  hintOfKeyless,
  KEY_SCOPES,
  type KeyScope,
  revokeKey,
} from './modules/keys/index.js';
import { openDatabase } from './open-database.js';

/**
 * `npm run keys -- ...`: the API keys in the database of DATABASE_URL, and what belongs to them. A running server is told of
 * changes.
 */
const USAGE = `Usage: npm run keys -- <command>

  create <name>         create a key, which is shown only once
  list                  list all keys and the resources of each
  revoke <id>           revoke a key; its resources are kept
  adopt <key>           assign all resources created without keys to a key
  transfer <from> <to>  transfer all resources of one key to another

Options of create:
  --scopes <list>       what the key may do, of ${KEY_SCOPES.join(',')} (default: all)
  --expires <date>      date or time (ISO 8601) from which on the key is refused

Refer to a key by its name or its id (key_...); keys of API_KEYS and ADMIN_KEYS have an id too.`;

/** As given on the command line. */
interface Options {
  readonly scopes?: string | undefined;
  readonly expires?: string | undefined;
}

interface Context {
  readonly manager: EntityManager;
  readonly config: AppConfig;
  readonly options: Options;
}

interface Command {
  readonly arguments: number;
  readonly takesOptions?: boolean;
  run(context: Context, ...given: string[]): Promise<void>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  create: { arguments: 1, takesOptions: true, run: (context, name = '') => create(context, name) },
  list: { arguments: 0, run: ({ manager }) => list(manager) },
  revoke: { arguments: 1, run: ({ manager }, id = '') => revoke(manager, id) },
  adopt: { arguments: 1, run: ({ manager, config }, to = '') => transfer(manager, config, null, to) },
  transfer: { arguments: 2, run: ({ manager, config }, from = '', to = '') => transfer(manager, config, from, to) },
};

async function create({ manager, options }: Context, name: string): Promise<void> {
  const scopes = options.scopes === undefined ? undefined : readScopes(options.scopes);
  const expiresAt = options.expires === undefined ? undefined : readExpiry(options.expires);
  const { record, secret } = await createKey(manager, { name, scopes, expiresAt });
  console.log(`${record.id} ${name}\n${secret}\nThe key is shown only this once.`);
  const hint = await hintOfKeyless(manager);
  if (hint !== null) console.error(hint);
}

function readScopes(given: string): KeyScope[] {
  return given.split(',').map((one) => {
    const scope = KEY_SCOPES.find((known) => known === one.trim());
    if (!scope) throw new Error(`There is no scope '${one}'. Scopes are: ${KEY_SCOPES.join(', ')}.`);
    return scope;
  });
}

function readExpiry(given: string): Date {
  const time = new Date(given);
  if (time.getTime() > Date.now()) return time;
  throw new Error(`--expires ${given} is not a time to come. Pass a date such as 2030-01-31 or 2030-01-31T12:00:00Z.`);
}

async function list(manager: EntityManager): Promise<void> {
  for (const key of await manager.find(ApiKeyEntity, { order: { createdAt: 'ASC' } })) console.log(describeKey(key));
  const hint = await hintOfKeyless(manager);
  if (hint !== null) console.error(hint);
}

function describeKey({ id, name, createdAt, revokedAt, expiresAt, scopes }: ApiKeyEntity): string {
  const isExpired = expiresAt !== null && expiresAt.getTime() <= Date.now();
  const bounds = [
    ...(scopes.length < KEY_SCOPES.length ? [scopes.join(',') || 'no scopes'] : []),
    ...(expiresAt === null ? [] : [`${isExpired ? 'expired' : 'expires'} ${expiresAt.toISOString()}`]),
  ];
  const state = revokedAt ? 'revoked' : isExpired ? 'expired' : 'active ';
  return `${id} ${createdAt.toISOString()} ${state} ${name}${bounds.length > 0 ? ` (${bounds.join('; ')})` : ''}`;
}

async function revoke(manager: EntityManager, id: string): Promise<void> {
  await revokeKey(manager, id).catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error;
    throw new Error(`There is no active key ${id}. List the keys with: npm run keys -- list`, { cause: error });
  });
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

/** The command with its arguments and options. @throws Error with the usage, for anything else */
function readCommandLine(words: readonly string[]) {
  try {
    const { values: options, positionals } = parseArgs({
      args: [...words],
      options: { scopes: { type: 'string' }, expires: { type: 'string' } },
      allowPositionals: true,
    });
    const [name = '', ...given] = positionals;
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    const isMisplaced = command?.takesOptions !== true && Object.keys(options).length > 0;
    if (command && given.length === command.arguments && !given.includes('') && !isMisplaced) {
      return { command, given, options };
    }
  } catch {
    // An option that there is not.
  }
  throw new Error(USAGE);
}

async function main(words: readonly string[]): Promise<void> {
  const { command, given, options } = readCommandLine(words);
  // What is printed may be read by a script: no word of migrations.
  Logger.overrideLogger(['fatal', 'error', 'warn']);
  const config = loadConfig();
  const dataSource = await openDatabase(config);
  try {
    await command.run({ manager: dataSource.manager, config, options }, ...given);
  } finally {
    await dataSource.destroy();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof AppError || error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
