import { readFile } from 'node:fs/promises';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { AppConfig } from '../../src/config/app-config.js';
import {
  ApiKeyEntity,
  describeBelongings,
  findOwner,
  handOverAll,
  hashKey,
  hintOfKeyless,
  keyId,
} from '../../src/modules/keys/index.js';
import { dataSourceOptions } from '../../src/data-source.options.js';
import { migrate } from '../../src/database/migrate.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';

/** Everything that an owner has, handed to another one by an operator. */
let database: TestDatabase;
let source: DataSource;
let config: AppConfig;

beforeAll(async () => {
  database = await createTestDatabase();
  config = AppConfig.fromEnv({ DATABASE_URL: database.url, API_KEYS: 'tml-configured' });
  source = await new DataSource(dataSourceOptions(config)).initialize();
  await migrate(source);
});

afterAll(async () => {
  await source.destroy();
  await database.drop();
});

beforeEach(async () => {
  await source.query(
    'TRUNCATE adapters, futures, checkpoints, sessions, loss_functions, usage_hours, api_keys CASCADE',
  );
});

const adapter = (id: string, owner: string, name: string) =>
  source.query(
    `INSERT INTO adapters (id, model_id, base_model, lora, rank, trainable_params, owner)
     VALUES ($1, $2, 'base', '{}', 4, 1, $3)`,
    [id, name, owner],
  );
const usage = (owner: string, requests: number) =>
  source.query(
    `INSERT INTO usage_hours (owner, hour, session_id, model_id, base_model, kind, requests, prompt_tokens,
                              trained_tokens, sampled_tokens, running_ms)
     VALUES ($1, '2026-01-01', '', 'm', 'b', 'generate', $2, 1, 2, 3, 4)`,
    [owner, requests],
  );

it('hands over every table that has an owner', async () => {
  const tables: { table_name: string }[] = await source.query(
    `SELECT table_name FROM information_schema.columns WHERE column_name = 'owner' AND table_schema = 'public'`,
  );
  const text = await readFile('src/modules/keys/owners/ownership.ts', 'utf8');
  for (const { table_name } of tables)
    expect(text, table_name).toMatch(new RegExp(`'${table_name}'|FROM ${table_name}`));
});

it('adds up what both have used, and moves the rest', async () => {
  await adapter('adapter_1', '', 'mine');
  await adapter('adapter_2', 'key_b', 'other');
  await source.query(`INSERT INTO loss_functions (owner, name, version, definition) VALUES ('', 'l', 1, '{}')`);
  await usage('', 5);
  await usage('key_b', 7);
  expect(await hintOfKeyless(source.manager)).toContain('(1 adapter, 1 loss)');
  const moved = await handOverAll('', 'key_b', source.manager);
  expect(describeBelongings(moved)).toBe('1 adapter, 1 loss');
  expect(await source.query(`SELECT owner FROM adapters`)).toEqual([{ owner: 'key_b' }, { owner: 'key_b' }]);
  expect(await source.query(`SELECT owner, requests, trained_tokens FROM usage_hours`)).toEqual([
    { owner: 'key_b', requests: '12', trained_tokens: '4' },
  ]);
  expect(await hintOfKeyless(source.manager)).toBeNull();
});

it('hands over nothing where both have a thing of one name', async () => {
  await adapter('adapter_1', '', 'mine');
  await adapter('adapter_2', '', 'both');
  await adapter('adapter_3', 'key_b', 'both');
  await expect(handOverAll('', 'key_b', source.manager)).rejects.toThrow("Both have an adapter named 'both'");
  expect(await source.query(`SELECT count(*)::int AS kept FROM adapters WHERE owner = ''`)).toEqual([{ kept: 2 }]);
});

it('finds keys by name and id, refuses names that are not one, and takes those of the settings', async () => {
  const insert = (id: string, name: string, revokedAt: Date | null = null) =>
    source.manager.insert(ApiKeyEntity, { id, name, hash: id, revokedAt });
  await insert('key_1', 'first');
  await insert('key_2', 'twice');
  await insert('key_3', 'twice');
  await insert('key_4', 'gone', new Date());
  const live = { mayBeGone: false, config, manager: source.manager };
  const any = { ...live, mayBeGone: true };
  expect(await findOwner('first', live)).toBe('key_1');
  expect(await findOwner('key_2', live)).toBe('key_2');
  await expect(findOwner('twice', live)).rejects.toThrow('key_2, key_3');
  await expect(findOwner('gone', live)).rejects.toThrow("Active key 'gone' does not exist");
  expect(await findOwner('gone', any)).toBe('key_4');
  const configured = keyId(hashKey('tml-configured'));
  expect(await findOwner(configured, live)).toBe(configured);
  await expect(findOwner('nobody', any)).rejects.toThrow("Key 'nobody' does not exist");
});
