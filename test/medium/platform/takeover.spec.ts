import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ComputeBackend } from '../../../src/compute/compute-backend.js';
import { type Environment } from '../../../src/config/app-config.js';
import { FuturesService } from '../../../src/modules/futures/index.js';
import { WorkersService } from '../../../src/modules/workers/index.js';
import { MIGRATIONS } from '../../../migrations/index.js';
import { Script } from '../../support/scripted-handlers.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/test-platform.js';
import { waitFor } from '../../support/wait-for.js';

describe('workers that take over', () => {
  let database: TestDatabase;
  const platforms: TestPlatform[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(async () => {
    for (const platform of platforms.splice(0)) await platform.app.close();
    await database.drop();
  });

  const start = async (script: Script, env: Environment = {}) => {
    const platform = await startPlatform({ databaseUrl: database.url, script, env });
    platforms.push(platform);
    return platform;
  };

  const active = async (platform: TestPlatform) => {
    await waitFor('a worker is active', async () => {
      const workers = await platform.get(WorkersService).listAlive();
      return workers.some((worker) => worker.status === 'active');
    });
  };

  const endConnections = (name: string) =>
    database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1`,
      [name],
    );

  it('migrates once when several processes start on an empty database', async () => {
    const started = await Promise.all([start(new Script()), start(new Script()), start(new Script())]);
    expect(started).toHaveLength(3);
    expect(await database.query('SELECT 1 FROM migrations')).toHaveLength(MIGRATIONS.length);
  });

  it('puts what a dead worker left running back into its line', async () => {
    const first = await start(new Script());
    const adapter = await insertAdapter(first.get(DataSource));
    const { requestId } = await first.get(FuturesService).submit(operation(adapter, 'orphan'));
    await first.get(FuturesService).wait(requestId, 20_000);
    await first.app.close();
    platforms.pop();
    await database.query(
      `UPDATE futures SET status = 'running', worker_id = 'worker_dead', result = NULL, finished_at = NULL`,
    );

    const script = new Script();
    const second = await start(script);
    expect((await second.get(FuturesService).wait(requestId, 20_000)).status).toBe('completed');
    expect(script.starts('orphan')).toBe(1);
    expect(await database.query('SELECT attempts FROM futures')).toEqual([{ attempts: 2 }]);
  });

  it('stands by while another worker computes and takes over when it ends', async () => {
    const [activeScript, standbyScript] = [new Script(), new Script()];
    const first = await start(activeScript);
    await active(first);
    const second = await start(standbyScript);
    const adapter = await insertAdapter(second.get(DataSource));

    // Accepted by the second process, computed by the first, and the poll at the second hears of it.
    const one = await second.get(FuturesService).submit(operation(adapter, 'one'));
    expect((await second.get(FuturesService).wait(one.requestId, 20_000)).status).toBe('completed');
    expect([activeScript.starts('one'), standbyScript.starts('one')]).toEqual([1, 0]);

    await first.app.close();
    platforms.splice(platforms.indexOf(first), 1);
    const two = await second.get(FuturesService).submit(operation(adapter, 'two'));
    expect((await second.get(FuturesService).wait(two.requestId, 20_000)).status).toBe('completed');
    expect(standbyScript.starts('two')).toBe(1);
  });

  it('goes on after losing the connection that holds the lock, and does not run anything twice', async () => {
    const script = new Script();
    const platform = await start(script);
    await active(platform);
    const futures = platform.get(FuturesService);
    const adapter = await insertAdapter(platform.get(DataSource));
    const gate = script.hold('across');
    const across = await futures.submit(operation(adapter, 'across'));
    await waitFor('it runs', () => script.starts('across') === 1);
    expect(await endConnections('thinker compute lock')).toHaveLength(1);
    const next = await futures.submit(operation(adapter, 'next'));
    gate.open();
    expect((await futures.wait(across.requestId, 20_000)).status).toBe('completed');
    expect((await futures.wait(next.requestId, 20_000)).status).toBe('completed');
    expect([script.starts('across'), script.starts('next')]).toEqual([1, 1]);
  });

  it('drops the result of a request that another worker has taken meanwhile', async () => {
    const script = new Script();
    const platform = await start(script);
    const futures = platform.get(FuturesService);
    const adapter = await insertAdapter(platform.get(DataSource));
    const gate = script.hold('stolen');
    const stolen = await futures.submit(operation(adapter, 'stolen'));
    await waitFor('it runs', () => script.starts('stolen') === 1);
    await database.query(`UPDATE futures SET worker_id = 'worker_other'`);
    gate.open();
    await waitFor('it has ended', () => script.events.includes('end stolen'));
    const next = await futures.submit(operation(null, 'next', 'generate'));
    await futures.wait(next.requestId, 20_000);
    const [row] = await database.query(`SELECT status, result FROM futures WHERE request_id = $1`, [stolen.requestId]);
    expect(row).toEqual({ status: 'running', result: null });
  });

  it('forgets its adapters when another worker has computed meanwhile', async () => {
    const platform = await start(new Script());
    await active(platform);
    const backend = platform.get(ComputeBackend);
    const adapter = await insertAdapter(platform.get(DataSource));
    await backend.createAdapter({ id: adapter.id, baseModel: adapter.baseModel, lora: adapter.lora });
    // What the other worker does when it takes over.
    await database.query(`UPDATE workers SET status = 'standby'`);
    await endConnections('thinker compute lock');
    await active(platform);
    expect(backend.hasAdapter(adapter.id)).toBe(false);
    const { requestId } = await platform.get(FuturesService).submit(operation(adapter, 'on'));
    expect((await platform.get(FuturesService).wait(requestId, 20_000)).status).toBe('completed');
  });

  it('hands back what does not end in the grace period; the next worker runs it', async () => {
    const stuck = new Script();
    const first = await start(stuck, { SHUTDOWN_GRACE_S: '0' });
    const adapter = await insertAdapter(first.get(DataSource));
    const gate = stuck.hold('stuck');
    const { requestId } = await first.get(FuturesService).submit(operation(adapter, 'stuck'));
    await waitFor('it runs', () => stuck.starts('stuck') === 1);
    await first.app.close();
    platforms.pop();
    expect(await database.query('SELECT status, worker_id FROM futures')).toEqual([
      { status: 'pending', worker_id: null },
    ]);

    const script = new Script();
    const second = await start(script);
    expect((await second.get(FuturesService).wait(requestId, 20_000)).status).toBe('completed');
    expect(script.starts('stuck')).toBe(1);
    gate.open();
  });

  it('hears of settled requests again after losing the event connection', async () => {
    const script = new Script();
    const platform = await start(script);
    const futures = platform.get(FuturesService);
    const adapter = await insertAdapter(platform.get(DataSource));
    const gate = script.hold('during');
    const { requestId } = await futures.submit(operation(adapter, 'during'));
    const poll = futures.wait(requestId, 20_000);
    await waitFor('it runs', () => script.starts('during') === 1);
    expect(await endConnections('thinker events')).toHaveLength(1);
    gate.open();
    expect((await poll).status).toBe('completed');
  });
});
