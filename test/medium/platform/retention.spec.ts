import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Maintenance } from '../../../src/modules/dispatch/maintenance.js';
import { FuturesService, OperationLog } from '../../../src/modules/futures/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/test-platform.js';

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
