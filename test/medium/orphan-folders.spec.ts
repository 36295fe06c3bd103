import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DataSource } from 'typeorm';
import { ulid } from 'ulid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppConfig } from '../../src/config/app-config.js';
import { dataSourceOptions } from '../../src/data-source.options.js';
import { type AdapterEntity } from '../../src/modules/adapters/index.js';
import { OrphanFolders } from '../../src/modules/adapter-state/orphan-folders.js';
import { FolderRepository } from '../../src/modules/adapter-state/repositories/folder.repository.js';
import { LocalCheckpointStore } from '../../src/storage/local/local-checkpoint-store.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { insertAdapter } from '../support/service/test-platform.js';

const LEASE = 7;

describe('folders that no row names', () => {
  let database: TestDatabase;
  let rows: DataSource;
  let root: string;
  let orphans: OrphanFolders;
  let adapter: AdapterEntity;

  beforeAll(async () => {
    database = await createTestDatabase();
    const config = AppConfig.fromEnv({ DATABASE_URL: database.url });
    rows = await new DataSource(dataSourceOptions(config)).initialize();
    await rows.runMigrations();
  });

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'thinker-orphans-'));
    const store = new LocalCheckpointStore(root);
    await store.start();
    orphans = new OrphanFolders(store, new FolderRepository(rows));
    adapter = await insertAdapter(rows);
    await database.query(`UPDATE adapters SET lease = $2 WHERE id = $1`, [adapter.id, LEASE]);
  });

  afterEach(() => rm(root, { recursive: true }));

  afterAll(async () => {
    await rows.destroy();
    await database.drop();
  });

  const folder = async (name: string, hoursOld = 0) => {
    const target = path.join(root, name);
    await mkdir(target, { recursive: true });
    const written = Date.now() / 1000 - hoursOld * 3600 - 1;
    await utimes(target, written, written);
    return name;
  };
  const isThere = (name: string) => existsSync(path.join(root, name));
  const left = (names: readonly string[]) => names.filter(isThere);

  const nameSnapshot = (name: string) =>
    database.query(
      `INSERT INTO adapter_snapshots (adapter_id, position, lease, step, path, size_bytes) VALUES ($1, 1, 1, 1, $2, 1)`,
      [adapter.id, name],
    );
  const nameCheckpoint = (name: string) =>
    database.query(
      `INSERT INTO checkpoints (id, adapter_id, model_id, kind, name, path, base_model, lora, step, size_bytes, with_optimizer)
       SELECT $3, id, model_id, 'training', 'kept', $2, base_model, lora, 1, 1, true FROM adapters WHERE id = $1`,
      [adapter.id, name, `checkpoint_${ulid()}`],
    );
  /** The id of a save in the log, in this state. */
  const save = async (status: string) => {
    const id = `future_${ulid()}`;
    await database.query(
      `INSERT INTO futures (request_id, kind, adapter_id, model_id, base_model, request, request_hash, status)
       VALUES ($1, 'save_weights', $2, 'm', 'b', '', '', $3)`,
      [id, adapter.id, status],
    );
    return id;
  };

  it('go when the adapter is taken: snapshots of former leases, saves that have ended', async () => {
    const named = [
      await folder(`state/${adapter.id}/1-1`),
      await folder(`checkpoints/${adapter.id}/${await save('completed')}`),
    ];
    await nameSnapshot(named[0]!);
    await nameCheckpoint(named[1]!);
    const waste = [
      await folder(`state/${adapter.id}/2-1`),
      await folder(`state/${adapter.id}/12-${LEASE - 1}`),
      await folder(`checkpoints/${adapter.id}/${await save('failed')}`),
      await folder(`checkpoints/${adapter.id}/${await save('completed')}`),
      await folder(`checkpoints/${adapter.id}/${await save('completed')}-${LEASE}`),
      await folder(`checkpoints/${adapter.id}/${await save('running')}-${LEASE - 1}`),
    ];
    await orphans.tidy(adapter.id);
    expect(left(waste)).toEqual([]);
    expect(left(named)).toEqual(named);
  });

  it('stay while somebody may be about to name them', async () => {
    const growing = [
      // The holder's own.
      await folder(`state/${adapter.id}/12-${LEASE}`),
      // Of an adapter whose row is not there yet.
      await folder(`state/adapter_new/0-0`),
      await folder(`checkpoints/${adapter.id}/${await save('running')}`),
      await folder(`checkpoints/${adapter.id}/${await save('running')}-${LEASE}`, 2),
      // A repeat writes it again, which may be just now.
      await folder(`checkpoints/${adapter.id}/${await save('pending')}`, 2),
      // A copy, which is not an operation of the log.
      await folder(`checkpoints/${adapter.id}/${ulid()}`),
    ];
    await orphans.tidy(adapter.id);
    await orphans.sweep();
    expect(left(growing)).toEqual(growing);
  });

  it('go an hour later, also those of adapters that never came to be', async () => {
    const waste = [
      await folder(`state/${adapter.id}/12-${LEASE}`, 2),
      await folder(`checkpoints/${adapter.id}/${ulid()}`, 2),
      await folder(`state/adapter_never/0-0`, 2),
      await folder('.tmp/half', 2),
    ];
    const named = await folder(`state/${adapter.id}/1-1`, 2);
    await nameSnapshot(named);
    await orphans.sweep();
    expect(left(waste)).toEqual([]);
    expect(isThere(named)).toBe(true);
  });
});
