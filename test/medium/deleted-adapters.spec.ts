import { DataSource } from 'typeorm';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppConfig } from '../../src/config/app-config.js';
import { dataSourceOptions } from '../../src/data-source.options.js';
import { DeletedAdapters } from '../../src/modules/adapter-state/deleted-adapters.js';
import { AdapterSnapshotEntity } from '../../src/modules/adapters/entities/adapter-snapshot.entity.js';
import { SnapshotRepository } from '../../src/modules/adapters/repositories/snapshot.repository.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { insertAdapter } from '../support/service/test-platform.js';

const HOUR_MS = 3_600_000;

describe('rows of deleted adapters', () => {
  let database: TestDatabase;
  let rows: DataSource;
  const chore = (hours: number) => {
    const config = AppConfig.fromEnv({ DATABASE_URL: database.url, DELETED_ADAPTER_HOURS: String(hours) });
    return new DeletedAdapters(config, new SnapshotRepository(rows.getRepository(AdapterSnapshotEntity)));
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    rows = await new DataSource(dataSourceOptions(AppConfig.fromEnv({ DATABASE_URL: database.url }))).initialize();
    await rows.runMigrations();
  });

  afterAll(async () => {
    await rows.destroy();
    await database.drop();
  });

  const deleted = async (hoursAgo: number) => {
    const { id } = await insertAdapter(rows);
    await database.query(`UPDATE adapters SET deleted_at = $2 WHERE id = $1`, [
      id,
      new Date(Date.now() - hoursAgo * HOUR_MS),
    ]);
    return id;
  };
  const left = async () => (await database.query<{ id: string }>('SELECT id FROM adapters')).map(({ id }) => id).sort();

  it('go after their time, but none that something refers to', async () => {
    const { id: live } = await insertAdapter(rows);
    const young = await deleted(1);
    const [requested, saved, snapshotted, source] = [
      await deleted(9),
      await deleted(9),
      await deleted(9),
      await deleted(9),
    ];
    await database.query(
      `INSERT INTO futures (request_id, kind, adapter_id, model_id, base_model, request, request_hash, status)
       VALUES ($1, 'delete_adapter', $2, 'm', 'b', '', '', 'completed')`,
      [`future_${ulid()}`, requested],
    );
    await database.query(
      `INSERT INTO checkpoints (id, adapter_id, model_id, kind, name, path, base_model, lora, step, size_bytes, with_optimizer)
       SELECT $2, id, model_id, 'training', 'kept', 'path', base_model, lora, 1, 1, true FROM adapters WHERE id = $1`,
      [saved, `checkpoint_${ulid()}`],
    );
    await database.query(
      `INSERT INTO adapter_snapshots (adapter_id, position, lease, step, path, size_bytes) VALUES ($1, 1, 1, 1, 'p', 1)`,
      [snapshotted],
    );
    const { id: fork } = await insertAdapter(rows);
    await database.query(`UPDATE adapters SET origin = $2 WHERE id = $1`, [
      fork,
      JSON.stringify({ kind: 'fork', adapterId: source, position: 1 }),
    ]);
    await deleted(9);
    await deleted(9);

    expect(await chore(0).sweep()).toBe(0);
    expect(await chore(8).sweep()).toBe(2);
    expect(await left()).toEqual([live, young, requested, saved, snapshotted, source, fork].sort());

    // The fork has a state of its own now, the requests are deleted: nothing holds these rows any more.
    await database.query(
      `INSERT INTO adapter_snapshots (adapter_id, position, lease, step, path, size_bytes) VALUES ($1, 2, 1, 1, 'p', 1)`,
      [fork],
    );
    await database.query('DELETE FROM futures');
    expect(await chore(8).sweep()).toBe(2);
    expect(await left()).toEqual([live, young, saved, snapshotted, fork].sort());
  });
});
