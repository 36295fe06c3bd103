import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Maintenance } from '../../../src/modules/dispatch/maintenance.js';
import { FuturesService, OperationLog } from '../../../src/modules/futures/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/service/test-platform.js';

const HOUR_MS = 3_600_000;
const ALL = { after: 0, upTo: Number.MAX_SAFE_INTEGER };

describe('retention', () => {
  let database: TestDatabase;
  let platform: TestPlatform;

  beforeAll(async () => {
    database = await createTestDatabase();
    platform = await startPlatform({ databaseUrl: database.url, env: { FUTURE_RETENTION_HOURS: '2' } });
  });

  afterAll(async () => {
    await platform.app.close();
    await database.drop();
  });

  it('deletes old futures, but none that a live adapter would be rebuilt from', async () => {
    const futures = platform.get(FuturesService);
    const source = platform.get(DataSource);
    const [live, deleted] = [await insertAdapter(source), await insertAdapter(source)];
    platform.script.failWith('failed', new Error('planted'));
    const submitted = [
      operation(live, 'in every snapshot'),
      operation(live, 'read', 'forward'),
      operation(live, 'after the oldest snapshot'),
      operation(live, 'failed'),
      operation(deleted, 'of a deleted adapter'),
      operation(null, 'of the base', 'generate'),
    ];
    const ids = [];
    for (const each of submitted) ids.push((await futures.submit(each)).requestId);
    for (const id of ids) await futures.wait(id, 20_000);
    await database.query(
      `INSERT INTO adapter_snapshots (adapter_id, position, lease, step, path, size_bytes)
       SELECT adapter_id, position, 1, 0, 'state', 0 FROM futures WHERE request_id = ANY ($1)`,
      [[ids[0], ids[2]]],
    );
    await database.query(`UPDATE adapters SET deleted_at = now() WHERE id = $1`, [deleted.id]);

    const maintenance = platform.get(Maintenance);
    expect(await maintenance.deleteOld(new Date(Date.now() + 1 * HOUR_MS))).toBe(0);
    expect(await maintenance.deleteOld(new Date(Date.now() + 3 * HOUR_MS))).toBe(5);
    expect(await database.query('SELECT request_id FROM futures')).toEqual([{ request_id: ids[2] }]);

    // What was used is still known: the failed request counts nothing, the others one each.
    const used = await database.query(
      'SELECT kind, sum(requests) AS requests FROM usage_hours GROUP BY kind ORDER BY kind',
    );
    expect(used).toEqual([
      { kind: 'forward', requests: '1' },
      { kind: 'forward_backward', requests: '3' },
      { kind: 'generate', requests: '1' },
    ]);

    const kept = [];
    for await (const mutation of platform.get(OperationLog).mutations(live.id, ALL)) kept.push(mutation.request.json);
    expect(kept).toEqual([{ label: 'after the oldest snapshot' }]);
  });

  it('keeps the log of an adapter with one snapshot, which may be damaged', async () => {
    const adapter = await insertAdapter(platform.get(DataSource));
    const { requestId } = await platform.get(FuturesService).submit(operation(adapter, 'in the only snapshot'));
    await platform.get(FuturesService).wait(requestId, 20_000);
    await database.query(
      `INSERT INTO adapter_snapshots (adapter_id, position, lease, step, path, size_bytes)
       SELECT adapter_id, position, 1, 0, 'state', 0 FROM futures WHERE request_id = $1`,
      [requestId],
    );
    await platform.get(Maintenance).deleteOld(new Date(Date.now() + 3 * HOUR_MS));
    expect(await database.query('SELECT FROM futures WHERE request_id = $1', [requestId])).toHaveLength(1);
  });

  it('keeps what an unfinished fine-tuning job has not recorded, so that no batch is trained twice', async () => {
    const futures = platform.get(FuturesService);
    const adapter = await insertAdapter(platform.get(DataSource));
    const requests = [
      operation(adapter, 'a recorded step', 'forward_backward', 1),
      operation(adapter, 'its update', 'optim_step', 2),
      operation(adapter, 'a step in flight', 'forward_backward', 3),
      operation(adapter, 'its other update', 'optim_step', 4),
      operation(adapter, 'a validation in flight', 'forward', 5),
    ];
    const ids = [];
    for (const each of requests) ids.push((await futures.submit(each)).requestId);
    for (const id of ids) await futures.wait(id, 20_000);
    // Two states that contain all of it, so that only the job needs the requests.
    await database.query(
      `INSERT INTO adapter_snapshots (adapter_id, position, lease, step, path, size_bytes)
       SELECT adapter_id, position + ahead, 1, 0, 'state', 0 FROM futures, generate_series(0, 1) AS ahead
       WHERE request_id = $1`,
      [ids[4]],
    );
    await database.query(
      `INSERT INTO fine_tuning_jobs (id, status, base_model, model_id, training_file, method, settings, seed, progress)
       VALUES ('ftjob-1', 'running', 'fake', $1, 'file-1', 'supervised', '{}', 1, '{"position": 1}')`,
      [adapter.modelId],
    );
    const kept = async () => {
      await platform.get(Maintenance).deleteOld(new Date(Date.now() + 3 * HOUR_MS));
      const sql = 'SELECT request_id FROM futures WHERE adapter_id = $1 ORDER BY position';
      const rows: { request_id: string }[] = await database.query(sql, [adapter.id]);
      return rows.map(({ request_id: id }) => id);
    };
    expect(await kept()).toEqual(ids.slice(2));
    const [, , step] = requests;
    expect((await futures.submit(step!)).requestId).toBe(ids[2]);
    await database.query(`UPDATE fine_tuning_jobs SET status = 'cancelled', finished_at = now()`);
    expect(await kept()).toEqual([]);
  });

  it('keeps everything with a retention of 0', async () => {
    const forever = await startPlatform({ databaseUrl: database.url, env: { FUTURE_RETENTION_HOURS: '0' } });
    try {
      expect(await forever.get(Maintenance).deleteOld(new Date(Date.now() + 1e6 * HOUR_MS))).toBe(0);
    } finally {
      await forever.app.close();
    }
  });

  it('reads a long log page by page, in order', async () => {
    const futures = platform.get(FuturesService);
    const adapter = await insertAdapter(platform.get(DataSource));
    const labels = Array.from({ length: 40 }, (_, i) => `step ${i}`);
    let last = '';
    for (const label of labels) last = (await futures.submit(operation(adapter, label))).requestId;
    await futures.wait(last, 30_000);
    const read = [];
    for await (const { request } of platform.get(OperationLog).mutations(adapter.id, ALL))
      read.push(request.json['label']);
    expect(read).toEqual(labels);
  });
});
