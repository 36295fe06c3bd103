import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ComputeBackend } from '../../../src/compute/compute-backend.js';
import { DatabaseOutageError } from '../../../src/common/errors/database-outage.error.js';
import { EngineStoppedError } from '../../../src/compute/engine-stopped.error.js';
import { FaultPoints } from '../../../src/common/fault-points.js';
import { type Environment } from '../../../src/config/app-config.js';
import { EVENT_CHANNELS, EventBus } from '../../../src/events/event-bus.js';
import { LeaseRepository } from '../../../src/modules/dispatch/leases/lease.repository.js';
import { FuturesService, ClaimRepository } from '../../../src/modules/futures/index.js';
import { WorkersService } from '../../../src/modules/workers/index.js';
import { MIGRATIONS } from '../../../migrations/index.js';
import { Script } from '../../support/service/scripted-handlers.js';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/service/test-platform.js';
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

  /** Submits, waits, and tells how it ended. */
  const run = async (platform: TestPlatform, what: ReturnType<typeof operation>) => {
    const futures = platform.get(FuturesService);
    const { requestId } = await futures.submit(what);
    return { ...(await futures.wait(requestId, 20_000)), requestId };
  };
  const close = async (platform: TestPlatform) => {
    platforms.splice(platforms.indexOf(platform), 1);
    await platform.app.close();
  };
  const row = async (requestId: string) =>
    (await database.query(`SELECT * FROM futures WHERE request_id = $1`, [requestId]))[0];

  it('puts what a dead worker left running back into its line, and takes its adapters', async () => {
    const first = await start(new Script());
    const adapter = await insertAdapter(first.get(DataSource));
    const orphans = [
      await run(first, operation(adapter, 'orphan')),
      await run(first, operation(null, 'base', 'generate')),
    ];
    await close(first);
    await database.query(
      `UPDATE futures SET status = 'running', worker_id = 'worker_dead', result = NULL, finished_at = NULL`,
    );
    await database.query(`UPDATE adapters SET worker_id = 'worker_dead'`);

    const script = new Script();
    const second = await start(script);
    for (const { requestId } of orphans) {
      expect((await second.get(FuturesService).wait(requestId, 20_000)).status).toBe('completed');
      expect(await row(requestId)).toMatchObject({ attempts: 2, deaths: 1 });
    }
    expect([script.starts('orphan'), script.starts('base')]).toEqual([1, 1]);
    expect(await database.query(`SELECT lease::int FROM adapters`)).toEqual([{ lease: 2 }]);
  });

  it('spreads adapters over the workers, leaves each where it is warm, and moves them when its worker ends', async () => {
    const scripts = [new Script(), new Script()];
    const [first, second] = [await start(scripts[0]!), await start(scripts[1]!)];
    const adapters = [];
    for (let i = 0; i < 4; i++) {
      adapters.push(await insertAdapter(first.get(DataSource)));
      // Accepted by one process, maybe computed by the other, and the poll hears of it.
      expect((await run(first, operation(adapters[i]!, `a${i}`))).status).toBe('completed');
    }
    const holders = await database.query(`SELECT count(*)::int AS held FROM adapters GROUP BY worker_id`);
    expect(holders).toEqual([{ held: 2 }, { held: 2 }]);
    for (const [i, adapter] of adapters.entries()) await run(second, operation(adapter, `a${i}`));
    for (const script of scripts) {
      for (let i = 0; i < 4; i++) expect([0, 2]).toContain(script.starts(`a${i}`));
    }
    await close(first);
    for (const [i, adapter] of adapters.entries()) {
      expect((await run(second, operation(adapter, `b${i}`))).status).toBe('completed');
      expect(scripts[1]!.starts(`b${i}`)).toBe(1);
    }
  });

  it('goes on after losing the connection that shows its life, and does not run anything twice', async () => {
    const script = new Script();
    const platform = await start(script);
    const futures = platform.get(FuturesService);
    const adapter = await insertAdapter(platform.get(DataSource));
    const gate = script.hold('across');
    const across = await futures.submit(operation(adapter, 'across'));
    await waitFor('it runs', () => script.starts('across') === 1);
    expect(await endConnections('thinker worker')).toHaveLength(1);
    const next = await futures.submit(operation(adapter, 'next'));
    gate.open();
    expect((await futures.wait(across.requestId, 20_000)).status).toBe('completed');
    expect((await futures.wait(next.requestId, 20_000)).status).toBe('completed');
    expect([script.starts('across'), script.starts('next')]).toEqual([1, 1]);
    await waitFor('it shows its life again', async () => (await platform.get(WorkersService).listAlive()).length === 1);
  });

  it('drops the result of a request that another worker has taken meanwhile, and what it knows of the adapter', async () => {
    const script = new Script();
    const platform = await start(script);
    const futures = platform.get(FuturesService);
    const backend = platform.get(ComputeBackend);
    const adapter = await insertAdapter(platform.get(DataSource));
    await backend.createAdapter({ id: adapter.id, baseModel: adapter.baseModel, lora: adapter.lora });
    const gate = script.hold('stolen');
    const stolen = await futures.submit(operation(adapter, 'stolen'));
    await waitFor('it runs', () => script.starts('stolen') === 1);
    // What another worker does that takes over; it stays alive by a heartbeat in the future.
    await database.query(
      `INSERT INTO workers (id, hostname, pid, engine, device, max_rank, base_models, lock_key, heartbeat_at)
       SELECT 'worker_other', hostname, pid, engine, device, max_rank, base_models, 1, now() + interval '1 hour' FROM workers`,
    );
    await database.query(`UPDATE adapters SET worker_id = 'worker_other', lease = lease + 1`);
    await database.query(`UPDATE futures SET worker_id = 'worker_other', attempts = attempts + 1`);
    gate.open();
    await waitFor('it has ended', () => script.events.includes('end stolen'));
    await run(platform, operation(null, 'next', 'generate'));
    expect(await row(stolen.requestId)).toMatchObject({ status: 'running', result: null });

    const later = await futures.submit(operation(adapter, 'later'));
    await run(platform, operation(null, 'other', 'generate'));
    expect(await row(later.requestId)).toMatchObject({ status: 'pending', attempts: 0 });
    expect(script.starts('later')).toBe(0);
  });

  it('runs a request again that an outage of the database has cut off', async () => {
    const script = new Script();
    const platform = await start(script);
    const adapter = await insertAdapter(platform.get(DataSource));
    const futures = platform.get(FuturesService);
    script.failWith('cut', new DatabaseOutageError(new Error('a test cut it off')), 1);
    const cut = await futures.submit(operation(adapter, 'cut'));
    const next = await futures.submit(operation(adapter, 'next'));
    expect((await futures.wait(cut.requestId, 20_000)).status).toBe('completed');
    expect((await futures.wait(next.requestId, 20_000)).status).toBe('completed');
    expect(script.events.filter((event) => event.startsWith('start'))).toEqual([
      'start cut',
      'start cut',
      'start next',
    ]);
    expect(await row(cut.requestId)).toMatchObject({ attempts: 2, deaths: 0 });
  });

  it('finds a claim whose answer was lost, and lets nothing overtake it', async () => {
    const script = new Script();
    const platform = await start(script);
    const futures = platform.get(FuturesService);
    const adapter = await insertAdapter(platform.get(DataSource));
    await run(platform, operation(adapter, 'before'));
    const log = platform.get(ClaimRepository);
    const claimNext = log.claimNext.bind(log);
    let lost = 0;
    log.claimNext = async (...parameters) => {
      const claimed = await claimNext(...parameters);
      if (claimed === null || lost > 0) return claimed;
      lost++;
      throw new Error('Connection terminated unexpectedly');
    };
    const ids = [];
    for (const label of ['lost', 'next']) ids.push((await futures.submit(operation(adapter, label))).requestId);
    for (const id of ids) expect((await futures.wait(id, 20_000)).status).toBe('completed');
    expect(lost).toBe(1);
    expect(script.events.filter((event) => event.startsWith('end'))).toEqual(['end before', 'end lost', 'end next']);
  });

  it('isolates a request whose workers die, and gives it up after four', async () => {
    const script = new Script();
    const platform = await start(script);
    const futures = platform.get(FuturesService);
    const [bad, good] = [await insertAdapter(platform.get(DataSource)), await insertAdapter(platform.get(DataSource))];
    // An engine that dies each time this request runs is what the runner tells by this error.
    script.failWith('poison', new EngineStoppedError('a test ended it'));
    const told: string[] = [];
    platform.get(EventBus).subscribe(EVENT_CHANNELS.futureSettled, { onEvent: (id) => told.push(id) });
    const sampler = { id: 'sampler-1', sessionId: 'session-1' };
    const poison = await futures.submit({ ...operation(bad, 'poison'), sampler });
    const after = await futures.submit(operation(bad, 'after'));
    const failed = await futures.wait(poison.requestId, 30_000);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'worker_killed', category: 'server' } });
    expect(script.starts('poison')).toBe(4);
    expect((await futures.wait(after.requestId, 20_000)).status).toBe('completed');
    expect((await run(platform, operation(good, 'good'))).status).toBe('completed');
    // Whoever waits for the sampling session as a whole hears of it, too.
    expect(told).toEqual(expect.arrayContaining([poison.requestId, sampler.id]));
  });

  it('begins nothing between the end of an engine and the start of the next', async () => {
    const script = new Script();
    const platform = await start(script);
    const backend = platform.get(ComputeBackend);
    const startEngine = backend.start.bind(backend);
    backend.start = async () => {
      await startEngine();
      script.events.push('next engine');
    };
    script.failWith('poison', new EngineStoppedError('a test ended it'));
    script.failWith('bystander', new EngineStoppedError('a test ended it'), 2);
    const futures = platform.get(FuturesService);
    const ids: string[] = [];
    for (const label of ['poison', 'bystander']) {
      const adapter = await insertAdapter(platform.get(DataSource));
      ids.push((await futures.submit(operation(adapter, label))).requestId);
    }
    expect((await futures.wait(ids[0]!, 30_000)).error?.code).toBe('worker_killed');
    expect((await futures.wait(ids[1]!, 30_000)).status).toBe('completed');
    expect(await row(ids[1]!)).toMatchObject({ deaths: 2 });
    const last = script.events.lastIndexOf('end poison');
    expect(script.events[last + 1] ?? 'next engine').toBe('next engine');
  });

  it('does not charge what waits to run alone with the death of its worker', async () => {
    const script = new Script();
    const platform = await start(script);
    const gates = ['one', 'other'].map((label) => script.hold(label));
    const futures = platform.get(FuturesService);
    const adapters = [await insertAdapter(platform.get(DataSource)), await insertAdapter(platform.get(DataSource))];
    // Somebody else has them until both requests have two deaths behind them.
    await database.query(
      `INSERT INTO workers (id, hostname, pid, engine, device, max_rank, base_models, lock_key, heartbeat_at)
       SELECT 'worker_other', hostname, pid, engine, device, max_rank, base_models, 1, now() + interval '1 hour' FROM workers`,
    );
    await database.query(`UPDATE adapters SET worker_id = 'worker_other'`);
    const ids: string[] = [];
    for (const [i, label] of ['one', 'other'].entries()) {
      ids.push((await futures.submit(operation(adapters[i]!, label))).requestId);
    }
    await database.query(`UPDATE futures SET deaths = 2`);
    await database.query(`DELETE FROM workers WHERE id = 'worker_other'`);
    const begun = () => database.query(`SELECT started_at IS NOT NULL AS begun FROM futures WHERE status = 'running'`);
    await waitFor('one runs, the other waits', async () => {
      const rows = await begun();
      return rows.length === 2 && rows.filter((one) => one['begun'] === true).length === 1;
    });
    // What another worker does that takes over.
    await database.query(`UPDATE adapters SET worker_id = NULL`);
    const other = new LeaseRepository(platform.get(DataSource), new FaultPoints());
    for (const { id } of adapters) await other.take(id, { workerId: 'worker_dead', mayTakeOver: true }, false);
    expect(await database.query(`SELECT deaths FROM futures ORDER BY deaths`)).toEqual([{ deaths: 2 }, { deaths: 3 }]);
    for (const gate of gates) gate.open();
    for (const id of ids) expect((await futures.wait(id, 20_000)).status).toBe('completed');
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
