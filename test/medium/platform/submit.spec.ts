import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FuturesService } from '../../../src/modules/futures/index.js';
import { JobQueue } from '../../../src/queue/job-queue.js';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import { waitFor } from '../../support/wait-for.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/service/test-platform.js';

describe('submitting operations', () => {
  let database: TestDatabase;
  let platform: TestPlatform;
  let futures: FuturesService;
  let source: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    platform = await startPlatform({ databaseUrl: database.url });
    futures = platform.get(FuturesService);
    source = platform.get(DataSource);
  });

  afterAll(async () => {
    await platform.app.close();
    await database.drop();
  });

  const rowsOf = (adapterId: string) => database.query('SELECT 1 FROM futures WHERE adapter_id = $1', [adapterId]);

  it('gives a repeat of (adapter, seq_id) the first future, also when it is settled', async () => {
    const adapter = await insertAdapter(source);
    const first = await futures.submit(operation(adapter, 'a', 'forward_backward', 1));
    expect((await futures.wait(first.requestId, 20_000)).status).toBe('completed');
    const second = await futures.submit(operation(adapter, 'a', 'forward_backward', 1));
    expect(second).toEqual({ requestId: first.requestId, modelId: adapter.modelId });
    expect(await rowsOf(adapter.id)).toHaveLength(1);
    expect(platform.script.starts('a')).toBe(1);
  });

  it('lets one of twenty simultaneous inserts win', async () => {
    const adapter = await insertAdapter(source);
    const accepted = await Promise.all(
      Array.from({ length: 20 }, () => futures.submit(operation(adapter, 'race', 'forward_backward', 7))),
    );
    expect(new Set(accepted.map(({ requestId }) => requestId)).size).toBe(1);
    expect(await rowsOf(adapter.id)).toHaveLength(1);
  });

  it('refuses another request under the same seq_id with 400, which clients do not retry', async () => {
    const adapter = await insertAdapter(source);
    await futures.submit(operation(adapter, 'b', 'forward_backward', 1));
    const refusal = { code: 'seq_id_reused', category: 'user', status: 400 };
    await expect(futures.submit(operation(adapter, 'c', 'forward_backward', 1))).rejects.toMatchObject(refusal);
    await expect(futures.submit(operation(adapter, 'b', 'forward', 1))).rejects.toMatchObject(refusal);
    expect(await rowsOf(adapter.id)).toHaveLength(1);
  });

  it('numbers every adapter by itself, a new one under a freed name too', async () => {
    const old = await insertAdapter(source);
    const first = await futures.submit(operation(old, 'd', 'forward_backward', 1));
    await database.query('UPDATE adapters SET deleted_at = now() WHERE id = $1', [old.id]);
    const successor = await insertAdapter(source, old.modelId);
    const second = await futures.submit(operation(successor, 'e', 'forward_backward', 1));
    expect(second.requestId).not.toBe(first.requestId);
  });

  it('takes nothing for a deleted adapter but its deletion', async () => {
    const adapter = await insertAdapter(source);
    await database.query('UPDATE adapters SET deleted_at = now() WHERE id = $1', [adapter.id]);
    await expect(futures.submit(operation(adapter, 'f'))).rejects.toMatchObject({ code: 'not_found', status: 404 });
    const { requestId } = await futures.submit(operation(adapter, 'g', 'delete_adapter'));
    expect((await futures.wait(requestId, 20_000)).status).toBe('completed');
  });

  it('wakes the worker after the commit of the transaction it is part of', async () => {
    const add = vi.spyOn(platform.get(JobQueue), 'add');
    const accepted = await source.transaction(async (manager) => {
      const adapter = await insertAdapter(manager);
      const inner = await manager.transaction((nested) => futures.submit(operation(adapter, 'h'), nested));
      expect(add).not.toHaveBeenCalled();
      return inner;
    });
    expect(add).toHaveBeenCalledOnce();
    add.mockRestore();
    expect((await futures.wait(accepted.requestId, 20_000)).status).toBe('completed');
  });

  it('leaves nothing behind when the transaction is rolled back', async () => {
    const add = vi.spyOn(platform.get(JobQueue), 'add');
    const submitted = source.transaction(async (manager) => {
      const adapter = await insertAdapter(manager);
      await futures.submit(operation(adapter, 'i'), manager);
      throw new Error('changed my mind');
    });
    await expect(submitted).rejects.toThrow('changed my mind');
    expect(await database.query(`SELECT 1 FROM adapters WHERE id NOT IN (SELECT adapter_id FROM futures)`)).toEqual([]);
    expect(add).not.toHaveBeenCalled();
    add.mockRestore();
  });

  it('makes a later request of an adapter wait for the commit of the one before', async () => {
    const adapter = await insertAdapter(source);
    let later: Promise<unknown> = Promise.resolve();
    await source.transaction(async (manager) => {
      await futures.submit(operation(adapter, 'earlier'), manager);
      later = futures.submit(operation(adapter, 'later'));
      // Otherwise a worker could see the later position first and run it first, and a replay would differ.
      await waitFor('the later insert waits for the lock', async () => {
        const waiting = await database.query(
          `SELECT 1 FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO futures%'`,
        );
        return waiting.length === 1;
      });
    });
    await later;
    const rows = await database.query(`SELECT request_id FROM futures WHERE adapter_id = $1 ORDER BY position`, [
      adapter.id,
    ]);
    expect(rows).toHaveLength(2);
  });

  it('refuses what could be stored but not read back, before it is copied', async () => {
    const adapter = await insertAdapter(source);
    const rows = 53_000_000;
    const numbers = { data: new Float32Array(rows), offsets: Int32Array.of(0, rows), trailingShape: [] };
    const wish = { ...operation(adapter, 'e'), request: { json: { label: 'e' }, tensors: { numbers } } };
    const refusal = { code: 'payload_too_large', category: 'user', status: 413 };
    await expect(futures.submit(wish)).rejects.toMatchObject(refusal);
    expect(await rowsOf(adapter.id)).toHaveLength(0);
  });
});
